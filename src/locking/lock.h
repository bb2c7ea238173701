#pragma once

#include "advice/explain.h"
#include "base/dry_run.h"
#include "base/files.h"
#include "lockfiles/difference.h"
#include "model/lock.h"
#include "project/project.h"
#include "project/services.h"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace envpm::locking {

struct LockRequest {
    project::Project project;
    bool upgrade_all = false; ///< --upgrade: nothing of the old lock is preferred
    std::set<PackageName> upgrade_packages = {}; ///< --upgrade-package
    bool refresh = false;                        ///< --refresh: no cached page is trusted
    DryRun dry_run = DryRun::no;
    std::optional<std::string> exclude_newer = {}; ///< --exclude-newer, instead of the manifest's
};

/// What `lock` did, for `cli` to tell.
struct LockReport {
    enum class Outcome {
        unchanged,  ///< the lock was already what a solve gives, or nothing had to be solved
        locked,     ///< a lock was written, or would have been but for the dry run
        impossible, ///< `explanation` says why; the old lock stands
    };

    Outcome outcome = Outcome::unchanged;
    DryRun dry_run = DryRun::no; ///< of the request
    std::optional<Lock> lock;    ///< none if impossible
    std::vector<lockfiles::Change> changes;
    std::vector<lockfiles::TargetChange> target_changes = {};
    std::optional<advice::Explanation> explanation;
    std::vector<std::string> unsealed;         ///< targets whose seal the new lock has not
    std::vector<std::string> unknown_upgrades; ///< --upgrade-package of what is not in the lock
    std::vector<std::string> notes = {};       ///< on the answer; `tell_notes` tells them
    double seconds = 0;
};

/// Manifest → envpm.lock. Old or new, never half; without an answer the old lock stands. Solves
/// anew, twice at most, if someone changed either file meanwhile, so that what is told is told of
/// the files as they are.
LockReport lock(const LockRequest& request, project::Services& services);

/// Puts a new lock in its place. `alone` is the `edit_lock`.
using LockWriter = std::function<void(FileLock alone, const Lock& lock)>;

/// The same with another way to write it.
LockReport lock(const LockRequest& request, project::Services& services, const LockWriter& write);

/// For whoever stays with what was solved: what was solved in vain is not told of.
void tell_notes(const LockReport& report, Progress& progress);

/// The same for a manifest that is not yet on disk; writes nothing, and tells no notes.
LockReport solve_manifest(const Manifest& manifest, const std::optional<Lock>& previous,
                          const LockRequest& request, project::Services& services);

/// How a lock stands to its manifest; no network is needed to tell.
struct LockCheck {
    bool is_fresh = false;
    std::vector<std::string> reasons; ///< why it is stale, in the user's terms
};

LockCheck check_lock(const Manifest& manifest, const std::optional<Lock>& lock);

} // namespace envpm::locking
