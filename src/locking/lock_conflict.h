#pragma once

#include "advice/explain.h"
#include "locking/lock_run.h"

namespace envpm::locking {

/// Why a target has no solution, and the nearest environments that there are. Only now is asked for
/// what the manifest itself keeps out of a universe, since a solve that succeeds needs none of it:
/// the indexes of PyTorch's builds for another CUDA than the pinned one, and Pythons that its word
/// on python rules out. Throws as `solver::solve` does.
advice::Explanation explain_conflict(const Conflict& conflict, universe::PackageUniverse& universe,
                                     const Run& run, const Target& target,
                                     universe::CondaRecords* records);

} // namespace envpm::locking
