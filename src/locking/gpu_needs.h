#pragma once

#include "gpu/fitness.h"
#include "gpu/package_traits.h"
#include "model/answer.h"
#include "model/lock.h"
#include "universe/facts_table.h"
#include "universe/package_universe.h"

#include <string>
#include <vector>

namespace envpm::locking {

/// What a target's solution needs of driver and GPUs, told by the names, versions and builds of its
/// packages, by what conda packages ask of `__cuda` and `__cuda_arch`, and by the facts table.
/// Nothing where nothing in it is for CUDA. `machine`: what the target declares; a GPU of it that
/// only PTX covers asks for the driver that compiles it.
LockedGpu gpu_needs(const std::vector<LockedPackage>& packages, const Resolution& resolution,
                    const universe::PackageUniverse& universe, const gpu::TargetMachine& machine,
                    universe::FactsTable& facts);

/// What the name, the version and, of a conda package, the build of its file tell.
gpu::PackageTraits traits_of(const LockedPackage& package);

/// "driver >= 580.65.06 (CUDA 13.0), glibc >= 2.28, GPU 7.5 to 12.0": what a machine must have;
/// empty for a target that has nothing to do with GPUs.
std::string describe_needs(const LockedTarget& target);

} // namespace envpm::locking
