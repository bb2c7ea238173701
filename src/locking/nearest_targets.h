#pragma once

#include "advice/nearest.h"
#include "locking/lock_run.h"

#include <vector>

namespace envpm::locking {

/// Leaves those offers that each other target of the manifest can be solved with too: they were
/// found for `target` alone, and a manifest has one requirement for all. Nothing is solved if there
/// is no other target. Throws as `solver::solve` does.
void keep_for_all_targets(std::vector<advice::NearestSolution>& nearest, const Run& run,
                          const Target& target, universe::Listings& listings);

} // namespace envpm::locking
