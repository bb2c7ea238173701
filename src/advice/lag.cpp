#include "advice/lag.h"

#include "advice/version_range.h"
#include "solver/solve.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

namespace envpm::advice {

namespace {

/// A channel's package in the way of a release.
struct Blocker {
    RequirementId need;
    PackageName project;
};

/// A wheel that was asked for and its releases.
struct Wanted {
    RequirementId root;
    CandidateId chosen;
    std::vector<CandidateId> newest; ///< the wheels of the newest release that can be used
};

using Chosen = std::set<CandidateId>;

std::optional<Wanted> lagging(RequirementId root, const Chosen& chosen,
                              universe::PackageUniverse& universe);
std::optional<Blocker> blocker_of(CandidateId candidate, const Chosen& chosen,
                                  universe::PackageUniverse& universe);
std::optional<Blocker> as_blocker(RequirementId need, universe::PackageUniverse& universe);
std::optional<std::string> version_without(const Blocker& blocker, const PackageName& name,
                                           const LagSearch& search);
universe::Requests moved(const universe::Requests& requests, const Blocker& blocker,
                         const LagSearch& search);
bool is_asked_of_conda(const PackageName& project, const LagSearch& search);
std::string note_on(const Wanted& wanted, const Blocker& blocker, const std::string& better,
                    const universe::PackageUniverse& universe, const LagSearch& search);

} // namespace

std::vector<std::string> notes_on_lag(const Resolution& resolution,
                                      universe::PackageUniverse& universe,
                                      const LagSearch& search) {
    std::vector<std::string> notes;
    if (search.conda == nullptr) {
        return notes;
    }
    const Chosen chosen(resolution.chosen.begin(), resolution.chosen.end());
    const std::vector<RequirementId> roots = universe.roots();
    for (const RequirementId root : roots) {
        const std::optional<Wanted> wanted = lagging(root, chosen, universe);
        if (!wanted) {
            continue;
        }
        // Another wheel of the release, for another Python, may have no such need.
        std::optional<Blocker> blocker;
        for (const CandidateId candidate : wanted->newest) {
            blocker = blocker_of(candidate, chosen, universe);
            if (!blocker) {
                break;
            }
        }
        if (!blocker) {
            continue;
        }
        const PackageName name = universe.asked(root).wheels->name;
        const std::string& now = universe.candidate(wanted->chosen).version;
        const auto better = version_without(*blocker, name, search);
        if (better && *pypi::Version::parse(*better) > *pypi::Version::parse(now)) {
            notes.push_back(note_on(*wanted, *blocker, *better, universe, search));
        }
    }
    return notes;
}

namespace {

std::optional<Wanted> lagging(RequirementId root, const Chosen& chosen,
                              universe::PackageUniverse& universe) {
    const SlotId slot = universe.requirement(root).slot;
    const std::span<const CandidateId> matches = universe.matches(root);
    const auto here = std::find_if(matches.begin(), matches.end(),
                                   [&](CandidateId id) { return chosen.contains(id); });
    if (universe.asked(root).wheels == nullptr || here == matches.end() ||
        universe.wheel(*here) == nullptr) {
        return std::nullopt;
    }
    Wanted wanted{root, *here, {}};
    for (std::size_t i = matches.size(); i-- > 0;) {
        const std::vector<CandidateId> one = {matches[i]};
        const Candidate& candidate = universe.candidate(matches[i]);
        if (!wanted.newest.empty() &&
            candidate.version != universe.candidate(wanted.newest.front()).version) {
            break;
        }
        universe.describe(one);
        if (universe.is_usable(matches[i]) && candidate.slot == slot) {
            wanted.newest.push_back(matches[i]);
        }
    }
    const bool is_newest = universe.candidate(wanted.newest.front()).version ==
                           universe.candidate(wanted.chosen).version;
    return is_newest ? std::nullopt : std::optional(std::move(wanted));
}

/// The first need that no candidate meets, because a channel serves the name alone.
std::optional<Blocker> blocker_of(CandidateId candidate, const Chosen& chosen,
                                  universe::PackageUniverse& universe) {
    for (const Dependency& dependency : universe.dependencies(candidate)) {
        if (!universe::holds(dependency, universe, chosen)) {
            continue;
        }
        if (auto blocker = as_blocker(dependency.need, universe)) {
            return blocker;
        }
    }
    return std::nullopt;
}

std::optional<Blocker> as_blocker(RequirementId need, universe::PackageUniverse& universe) {
    const SlotId slot = universe.requirement(need).slot;
    const PackageName* project = universe.distribution(slot);
    if (project == nullptr || universe.requirement(need).kind != RequirementKind::needs) {
        return std::nullopt;
    }
    const std::vector<SlotId> one = {slot};
    universe.list(one);
    const std::span<const CandidateId> candidates = universe.candidates(slot);
    const bool is_served = !candidates.empty() && universe.package(candidates.back()) != nullptr &&
                           !universe.is_wheel_asked(slot);
    return is_served && universe.matches(need).empty() ? std::optional(Blocker{need, *project})
                                                       : std::nullopt;
}

/// What comes out if the blocker is asked for as a wheel.
std::optional<std::string> version_without(const Blocker& blocker, const PackageName& name,
                                           const LagSearch& search) {
    const universe::Requests requests = moved(search.wanted.requests, blocker, search);
    const universe::UniverseRequest& wanted = search.wanted;
    universe::PackageUniverse universe(
        {requests, wanted.target, wanted.pythons, wanted.conda_pythons, wanted.exclude_newer,
         wanted.prereleases, wanted.channel_priority, wanted.machine, wanted.facts},
        search.listings, search.conda);
    const Answer answer =
        solver::solve({universe.roots(), universe.constraints(), {}}, universe, search.stop);
    if (const auto* resolution = std::get_if<Resolution>(&answer)) {
        for (const CandidateId id : resolution->chosen) {
            const PackageName* project = universe.distribution(universe.candidate(id).slot);
            if (project != nullptr && *project == name && universe.wheel(id) != nullptr) {
                return universe.candidate(id).version;
            }
        }
    }
    return std::nullopt;
}

universe::Requests moved(const universe::Requests& requests, const Blocker& blocker,
                         const LagSearch& search) {
    universe::Requests out = requests;
    out.packages.push_back({blocker.project, {}, {}, {}, {}, {"", 0, 0}});
    std::erase_if(out.conda, [&](const universe::CondaRequest& request) {
        return search.conda->find(request.name.string()).project == blocker.project;
    });
    return out;
}

bool is_asked_of_conda(const PackageName& project, const LagSearch& search) {
    const std::vector<universe::CondaRequest>& requests = search.wanted.requests.conda;
    return std::any_of(requests.begin(), requests.end(),
                       [&](const universe::CondaRequest& request) {
                           return search.conda->find(request.name.string()).project == project;
                       });
}

std::string note_on(const Wanted& wanted, const Blocker& blocker, const std::string& better,
                    const universe::PackageUniverse& universe, const LagSearch& search) {
    const std::string& project = blocker.project.string();
    const SlotId slot = universe.requirement(blocker.need).slot;
    const std::span<const CandidateId> held = universe.candidates(slot);
    const universe::CondaCandidate& best = *universe.package(held.back());
    const std::string way =
        is_asked_of_conda(blocker.project, search)
            ? fmt::format("move `{}` to `[pypi-dependencies]`", project)
            : fmt::format("`channel-priority = \"flexible\"`, or `{} = \"*\"` under "
                          "`[pypi-dependencies]`, lets the index serve it",
                          project);
    const std::string& newest = universe.candidate(wanted.newest.front()).version;
    return fmt::format("{0} {1} could be {2}: {0} {3} needs {4}, and only the channel {5} "
                       "serves {6}, which has {7}; {8}",
                       universe.asked(wanted.root).wheels->name.string(),
                       universe.candidate(wanted.chosen).version, better, newest,
                       universe.requirement(blocker.need).text, best.channel->name,
                       best.record->name, range_of(versions_of(held, universe)), way);
}

} // namespace

} // namespace envpm::advice
