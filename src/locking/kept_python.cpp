#include "locking/kept_python.h"

#include "pypi/marker.h"
#include "pypi/version.h"

#include <algorithm>

namespace envpm::locking {

namespace {

/// Two interpreters of one ABI.
struct Pair {
    pypi::MarkerEnvironment before;
    pypi::MarkerEnvironment now;
    pypi::Version version_before;

    [[nodiscard]] bool differ_for(const pypi::Marker& marker,
                                  const std::vector<PackageName>& extras) const {
        return marker.evaluate(before, extras) != marker.evaluate(now, extras);
    }
};

const LockedTarget* kept_target(const TargetSolution& solution, const Lock& previous);
bool differ_for(const Pair& pair, const universe::Requests& requests);
bool differ_for(const Pair& pair, CandidateId chosen, const universe::PackageUniverse& universe);

} // namespace

void keep_python(TargetSolution& solution, const Lock& previous, const Resolution& resolution,
                 const universe::PackageUniverse& universe, const universe::Requests& requests) {
    const LockedTarget* const target = kept_target(solution, previous);
    const auto version =
        pypi::Version::parse(target == nullptr ? std::string() : target->python->version);
    if (!version) {
        return;
    }
    const PythonAbi& abi = solution.python->abi;
    const Pair pair{pypi::marker_environment(solution.target, abi, target->python->version),
                    pypi::marker_environment(solution.target, abi, solution.python->version),
                    *version};
    const bool is_kept =
        !differ_for(pair, requests) &&
        std::none_of(resolution.chosen.begin(), resolution.chosen.end(),
                     [&](CandidateId chosen) { return differ_for(pair, chosen, universe); });
    if (is_kept) {
        solution.python = target->python;
    }
}

namespace {

/// With another version of the same ABI; null if there is none.
const LockedTarget* kept_target(const TargetSolution& solution, const Lock& previous) {
    const std::optional<LockedPython>& now = solution.python;
    const auto found =
        std::find_if(previous.targets.begin(), previous.targets.end(), [&](const auto& before) {
            return before.target.name == solution.target.name && now && before.python &&
                   !now->is_package && !before.python->is_package &&
                   now->abi == before.python->abi && now->version != before.python->version;
        });
    return found == previous.targets.end() ? nullptr : &*found;
}

bool differ_for(const Pair& pair, const universe::Requests& requests) {
    const auto differ = [&](const universe::Request& request) {
        return pair.differ_for(request.marker, {});
    };
    return !requests.python.specifiers.contains(pair.version_before) ||
           std::any_of(requests.packages.begin(), requests.packages.end(), differ) ||
           std::any_of(requests.constraints.begin(), requests.constraints.end(), differ);
}

bool differ_for(const Pair& pair, CandidateId chosen, const universe::PackageUniverse& universe) {
    if (universe.archive(chosen) == nullptr) {
        return false;
    }
    const universe::Listings::Description& description = universe.description(chosen);
    if (!description.metadata) {
        return false;
    }
    const PackageName* const extra = universe.extra(chosen);
    const std::vector<PackageName> extras =
        extra == nullptr ? std::vector<PackageName>() : std::vector{*extra};
    const auto& needs = description.metadata->requires_dist;
    return !description.requires_python.contains(pair.version_before) ||
           std::any_of(needs.begin(), needs.end(), [&](const pypi::Requirement& need) {
               return pair.differ_for(need.marker, extras);
           });
}

} // namespace

} // namespace envpm::locking
