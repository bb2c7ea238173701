#pragma once

#include "advice/explain.h"
#include "locking/lock_run.h"

#include <vector>

namespace envpm::locking {

/// Leaves those offers that each other target of the manifest can be solved with too: they were
/// found for `target` alone, and a manifest has one requirement for all. Nothing is solved if there
/// is no other target. Throws as `solver::solve` does.
void keep_for_all_targets(std::vector<advice::NearestSolution>& nearest, const Run& run,
                          const Target& target, universe::Listings& listings);

/// For each entry of `[overrides]` that a reason of the conflict is about: what comes without it,
/// or where nothing does, with any version in its place. Throws as `solver::solve` does.
std::vector<advice::NearestSolution> with_other_overrides(const Conflict& conflict,
                                                          const universe::PackageUniverse& universe,
                                                          const Run& run, const Target& target,
                                                          universe::Listings& listings);

} // namespace envpm::locking
