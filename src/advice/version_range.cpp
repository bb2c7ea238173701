#include "advice/version_range.h"

#include "conda/version.h"
#include "pypi/version.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace envpm::advice {

namespace {

/// False if one of them is no version of that world.
template <class Version> bool sort_as(std::vector<std::string>& versions);

} // namespace

std::vector<std::string> versions_of(std::span<const CandidateId> candidates,
                                     const universe::PackageUniverse& universe) {
    std::vector<std::string> versions;
    for (const CandidateId id : candidates) {
        versions.push_back(universe.candidate(id).version);
    }
    return ascending(versions);
}

std::vector<std::string> ascending(const std::vector<std::string>& versions) {
    std::vector<std::string> once;
    std::set<std::string> seen;
    for (const std::string& version : versions) {
        if (seen.insert(version).second) {
            once.push_back(version);
        }
    }
    if (!sort_as<pypi::Version>(once)) {
        sort_as<conda::Version>(once);
    }
    return once;
}

std::string range_of(const std::vector<std::string>& versions) {
    if (versions.size() == 1) {
        return versions.front();
    }
    if (versions.size() == 2) {
        return versions.front() + " and " + versions.back();
    }
    return fmt::format("{} to {} ({} releases)", versions.front(), versions.back(),
                       versions.size());
}

namespace {

template <class Version> bool sort_as(std::vector<std::string>& versions) {
    std::vector<std::pair<Version, std::string>> parsed;
    for (const std::string& version : versions) {
        auto one = Version::parse(version);
        if (!one) {
            return false;
        }
        parsed.emplace_back(std::move(*one), version);
    }
    std::stable_sort(parsed.begin(), parsed.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < parsed.size(); ++i) {
        versions[i] = std::move(parsed[i].second);
    }
    return true;
}

} // namespace

} // namespace envpm::advice
