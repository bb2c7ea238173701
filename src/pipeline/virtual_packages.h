#pragma once

#include "conda/match_spec.h"
#include "model/target.h"

#include <string>
#include <vector>

namespace envpm::pipeline {

/// A fact of the target as a package that conda packages can depend on (CEP 30).
struct VirtualPackage {
    std::string name; ///< "__glibc"
    conda::Version version;
    std::string build;

    [[nodiscard]] bool matches(const conda::MatchSpec& spec) const;
};

/// `__unix`, `__linux`, `__glibc` and `__archspec` of a target. The kernel is not declared: it
/// counts as 4.18, that of the oldest distribution with glibc 2.28.
std::vector<VirtualPackage> virtual_packages(const Target& target);

} // namespace envpm::pipeline
