#pragma once

#include "installing/audit.h"
#include "locking/lock.h"
#include "model/lock.h"
#include "project/project.h"
#include "project/services.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace envpm::installing {

/// How far an install may look at and change the lock.
enum class LockUse {
    update, ///< lock first if there is none or it is stale
    locked, ///< --locked: a stale lock is an Error of code 3
    frozen, ///< --frozen: the lock as it is, whatever the manifest says
};

enum class InstallPurpose {
    go_forward, ///< `install`: to what the lock says
    use_it,     ///< `run`, `shell`: an environment that was rolled back stays as it is
};

struct InstallRequest {
    project::Project project;
    LockUse lock_use = LockUse::update;
    std::optional<std::string> target = {}; ///< --target; else the one that fits this machine
    std::optional<std::filesystem::path> prefix = {}; ///< --prefix: laid out there besides
    InstallPurpose purpose = InstallPurpose::go_forward;
    std::optional<CheckPolicy> audit = {}; ///< --audit; else the manifest's
    /// Called once with the environment's prefix, after its audit, while the copy for `--prefix` is
    /// being written to the disk. Not called without such a copy. Runs in the caller's thread; if
    /// it throws, the copy does not become visible.
    std::function<void(const std::filesystem::path& prefix)> while_copying = {};
};

/// What `install` did, for `cli` to tell.
struct InstallReport {
    bool was_current = false;   ///< nothing was to be done
    bool is_from_lower = false; ///< the lower store's is used as it stands: no file was made
    std::optional<locking::LockReport> lock; ///< if it had to lock first
    std::string target;
    std::string env;                                ///< short name of the prefix
    std::filesystem::path prefix;                   ///< in the store
    std::optional<std::filesystem::path> copy = {}; ///< where --prefix laid it out besides
    std::size_t packages = 0;
    std::uint64_t fetched_packages = 0;
    std::uint64_t fetched_bytes = 0;
    std::uint64_t files = 0;
    std::uint64_t size_bytes = 0;
    bool is_sealed = false;
    std::string needs; ///< of driver and GPUs (describe_needs); empty if nothing, or not read
    std::optional<AuditReport> audit; ///< of what was installed; none: it was not to be audited
    double seconds = 0;
};

/// envpm.lock → blobs → trees → prefix → the project's `current` link. Whatever stops it, the
/// project's environment is the old or the new one; a request to stop is heard between the steps
/// (code 130), and the next run goes on from there. If the lock has to be made and cannot, the
/// report has only `lock`. What was made is audited (docs/audit.md); under `strict` an error of the
/// audit is an Error of code 6, before the link is switched.
InstallReport install(const InstallRequest& request, project::Services& services);

} // namespace envpm::installing
