#pragma once

#include "universe/package_universe.h"

#include <span>
#include <string>
#include <vector>

namespace envpm::advice {

/// The versions of candidates, each once (a version may have a candidate for every Python), from
/// the lowest to the highest in the order of their world; candidates themselves are in order of
/// preference, which is another where a target prefers something.
std::vector<std::string> versions_of(std::span<const CandidateId> candidates,
                                     const universe::PackageUniverse& universe);

/// The same for texts: in PEP 440's order if all are such versions, else in conda's; as they come
/// if they are neither's.
std::vector<std::string> ascending(const std::vector<std::string>& versions);

/// Ascending ones as people read them: "2.9.1", "2.8.0 and 2.9.1", "2.0.0 to 2.9.1 (12 releases)".
std::string range_of(const std::vector<std::string>& versions);

} // namespace envpm::advice
