#pragma once

#include "conda/match_spec.h"
#include "gpu/fitness.h"
#include "model/gpu_policy.h"
#include "model/target.h"

#include <string>
#include <vector>

namespace envpm::universe {

/// A fact of the target as a package that conda packages can depend on (CEP 30).
struct VirtualPackage {
    std::string name; ///< "__glibc"
    conda::Version version;
    std::string build;
    bool is_open = false; ///< the target says nothing of it: one of several that may be

    [[nodiscard]] bool matches(const conda::MatchSpec& spec) const;
};

/// `__unix`, `__linux`, `__glibc` and `__archspec` of a target, and `__cuda` (CEP 30) and
/// `__cuda_arch` (CEP 46: of the least GPU) where it has GPUs. What a target leaves open has every
/// version, in descending order: of several that will do, the last, which is the lowest, is all
/// that is needed. The kernel is not declared: it counts as 4.18, that of the oldest distribution
/// with glibc 2.28.
std::vector<VirtualPackage> virtual_packages(const Target& target,
                                             const gpu::TargetMachine& machine);

} // namespace envpm::universe
