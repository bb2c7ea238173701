#pragma once

#include "model/lock.h"
#include "model/manifest.h"
#include "realize/compose.h"

#include <string>
#include <vector>

namespace envpm::locking {

// `[files]` of the manifest: which package's file stands where several have another one. The lock
// says it of each package (`wins`), for it determines the prefix.

/// The paths that `package` wins, sorted. A rule names a wheel in any spelling, a conda package in
/// its own.
std::vector<PathPattern> won_paths(const LockedPackage& package,
                                   const std::vector<FileRule>& rules);

/// A note for each rule whose package the lock does not have.
std::vector<std::string> notes_on_absent_winners(const std::vector<FileRule>& rules,
                                                 const Lock& lock);

/// What the packages of one environment win.
std::vector<realize::FileClaim> claims_of(const std::vector<LockedPackage>& packages);

} // namespace envpm::locking
