#pragma once

#include "model/answer.h"
#include "model/lock.h"
#include "pipeline/facts_table.h"
#include "pipeline/package_universe.h"

#include <string>
#include <vector>

namespace envpm::pipeline {

/// What a target's solution needs of driver and GPUs, told by the names and versions of its
/// packages, by what conda packages ask of `__cuda`, and by the facts table.
LockedGpu gpu_needs(const std::vector<LockedPackage>& packages, const Resolution& resolution,
                    const PackageUniverse& universe, const Target& target, FactsTable& facts);

/// "driver >= 580.65.06 (CUDA 13.0), glibc >= 2.28, GPU 7.5 to 12.0": what a machine must have;
/// empty for a target that has nothing to do with GPUs.
std::string describe_needs(const LockedTarget& target);

} // namespace envpm::pipeline
