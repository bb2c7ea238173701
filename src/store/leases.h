#pragma once

#include "model/store_paths.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace envpm::store {

/// A lease (docs/store.md) that is not renewed counts for so long. Programs that were started
/// longer ago, on a host that the collector cannot look into, are not protected.
inline constexpr std::chrono::hours lease_duration{30 * 24};

/// The same of a holder that is gone for certain. A container that was stopped may be started
/// again, with all its projects.
inline constexpr std::chrono::hours gone_lease_duration{7 * 24};

/// Whose programs and projects are seen from one place: a host by its name and `/etc/machine-id`,
/// and on it a namespace of processes, since containers do not see each other's. The last two tell
/// apart those that had one number of a namespace one after another; empty: not known.
struct LeaseHolder {
    std::string host;       ///< as users know it: its name
    std::string machine;    ///< what tells it from others of that name
    std::string processes;  ///< the namespace, as /proc has it: "pid:[4026531836]"
    std::string boot = {};  ///< the kernel's boot id
    std::string began = {}; ///< when the namespace's first process was started, by that kernel
};

/// The one that this process is in.
LeaseHolder this_holder();

/// What a holder said of a prefix: programs of its run there, for a project that may be seen from
/// there alone.
struct Lease {
    std::filesystem::path path;
    std::string prefix; ///< name below `p/`
    std::string host;
    std::filesystem::path environment; ///< the project's `.envpm/envs/<name>`; may be empty
    bool is_out_of_sight = true;       ///< of a holder or a user whose programs are not seen here
    bool is_over = false;              ///< not renewed for its duration
};

/// Who reads leases, and what can be seen from there.
struct LeaseReader {
    LeaseHolder holder;
    /// The namespaces of all processes of this kernel (`process_namespaces`), if all are seen.
    std::optional<std::set<std::string>> namespaces = {};
};

/// Says that the prefix is used for an environment of a project here; to say it again costs one
/// change of a time. A new one takes the place of those of this user, prefix and project whose
/// holder is gone, such as a container of which this one has the number. Throws an Error if the
/// store does not take it (a full disk, missing rights), which need keep nobody from working. No
/// lock is taken.
void renew_lease(const StorePaths& paths, const std::string& prefix,
                 const std::filesystem::path& environment, const LeaseHolder& holder);

/// As renew_lease, but makes none: false if there is none of that text.
bool renew_known_lease(const StorePaths& paths, const std::string& prefix,
                       const std::filesystem::path& environment, const LeaseHolder& holder);

/// All leases, sorted by path. One that cannot be understood counts as another holder's, of an
/// unknown project. Throws an Error if the folder cannot be read.
std::vector<Lease> read_leases(const StorePaths& paths, const LeaseReader& reader,
                               std::chrono::system_clock::time_point now);

/// For the collector: what kills left of leases that were being written; nothing that someone is at
/// work on. Throws an Error if the folder cannot be read; what cannot be removed stays.
void remove_unfinished_leases(const StorePaths& paths);

} // namespace envpm::store
