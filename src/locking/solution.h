#pragma once

#include "model/answer.h"
#include "model/lock.h"
#include "model/manifest.h"
#include "universe/package_universe.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::locking {

/// One target's answer in the words of the lock.
struct TargetSolution {
    Target target;
    std::optional<LockedPython> python;  ///< none: nothing in it is for Python
    std::vector<LockedPackage> packages; ///< each for this target only; sorted by name
    LockedGpu gpu{};                     ///< filled by whoever has the facts table
};

/// The chosen candidates as locked packages. Sizes and digests come from the index's page, or from
/// the wheel itself where the page had none.
TargetSolution to_solution(const Resolution& resolution, universe::PackageUniverse& universe,
                           const universe::Requests& requests, const Target& target);

/// The targets' solutions as one lock: a package that is the same for several targets stands once.
/// A seal is kept where `previous` has one for an unchanged env digest. `files`: the manifest's.
Lock compose_lock(const std::vector<TargetSolution>& solutions, const Sha256& manifest_digest,
                  const std::optional<Lock>& previous, const std::vector<FileRule>& files = {});

/// The names of the targets of both that only `before` has a seal of.
std::vector<std::string> unsealed(const Lock& before, const Lock& after);

} // namespace envpm::locking
