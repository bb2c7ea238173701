#pragma once

#include "model/store_paths.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace envpm::store {

/// A lease (docs/store.md) that is not renewed counts for so long. Programs that were started
/// longer ago, on a host that the collector cannot look into, are not protected.
inline constexpr std::chrono::hours lease_duration{30 * 24};

/// Whose programs and projects are seen from one place: a host by its name and `/etc/machine-id`,
/// and on it a namespace of processes, since containers do not see each other's.
struct LeaseHolder {
    std::string host;   ///< as users know it: its name
    std::string inside; ///< what tells it from others of that name
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
    bool is_another = true;            ///< of a holder or a user whose programs are not seen here
    bool is_over = false;              ///< not renewed for `lease_duration`
};

/// Says that the prefix is used for an environment of a project here; to say it again costs one
/// change of a time. Throws an Error if the store does not take it (a full disk, missing rights),
/// which need keep nobody from working. No lock is taken.
void renew_lease(const StorePaths& paths, const std::string& prefix,
                 const std::filesystem::path& environment, const LeaseHolder& holder);

/// All leases, sorted by path. One that cannot be understood counts as another holder's, of an
/// unknown project. Throws an Error if the folder cannot be read.
std::vector<Lease> read_leases(const StorePaths& paths, const LeaseHolder& reader,
                               std::chrono::system_clock::time_point now);

} // namespace envpm::store
