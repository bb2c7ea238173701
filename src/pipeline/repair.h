#pragma once

#include "base/dry_run.h"
#include "project/project.h"
#include "project/services.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace envpm::pipeline {

/// A damaged file, and what was done about it, or would be.
struct Repaired {
    std::filesystem::path path;
    std::string how; ///< "fetched again with torch 2.9.1"
};

/// A damaged file that is as it was.
struct Unrepaired {
    std::filesystem::path path;
    std::string what;                  ///< is wrong with it
    std::string why;                   ///< it cannot be repaired
    std::string hint;                  ///< the way out
    std::vector<std::string> projects; ///< that use it
};

struct RepairOutcome {
    DryRun dry_run = DryRun::no; ///< whether all of this was only told
    std::vector<Repaired> repaired;
    std::vector<Unrepaired> left;
    std::optional<std::filesystem::path> quarantine; ///< where the damaged files went
};

/// Verifies everything, then makes anew what is damaged. Objects are unpacked again from their
/// archives, which come from the cache or from the sources that the locks of the projects name:
/// `own` and those that use the damaged environments. Then prefixes: files that are objects are
/// placed anew, what else is damaged is laid out anew as a whole if a lock still describes it.
///
/// What is damaged goes into the quarantine, and never before its replacement is on disk; roots are
/// never touched. A kill at any point leaves each file old or new, and the next repair goes on. One
/// repair at a time; installs may run meanwhile. Sources that fail are told of with the files that
/// need them. Throws if the store cannot be checked or written.
RepairOutcome repair(const std::optional<project::Project>& own, DryRun dry_run,
                     project::Services& services);

} // namespace envpm::pipeline
