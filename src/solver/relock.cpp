#include "solver/relock.h"

#include <algorithm>
#include <map>
#include <set>

namespace envpm::solver {

namespace {

using Choices = std::map<SlotId, CandidateId>;

std::set<SlotId> root_slots(const SolveRequest& request, const Universe& universe);
Choices choices_of(const Resolution& resolution, const std::set<SlotId>& slots,
                   const Universe& universe);
bool are_preferred(const Choices& choices, const SolveRequest& request);
SolveRequest without_dependencies(const SolveRequest& request, const std::set<SlotId>& roots,
                                  const Universe& universe);

} // namespace

/// If the roots come out the same without the other preferences, the first answer is the one that
/// is looked for: it keeps each of those that can be kept beside these roots, for none that it kept
/// could have stood in another one's way without them.
Answer solve_again(const SolveRequest& request, Universe& universe, const std::stop_token& stop,
                   SolveStatistics* statistics) {
    Answer first = solve(request, universe, stop, statistics);
    const auto* const with_all = std::get_if<Resolution>(&first);
    if (with_all == nullptr || request.preferred.empty()) {
        return first;
    }
    const std::set<SlotId> roots = root_slots(request, universe);
    const Choices before = choices_of(*with_all, roots, universe);
    const SolveRequest bare = without_dependencies(request, roots, universe);
    if (are_preferred(before, request) || bare.preferred.size() == request.preferred.size()) {
        return first;
    }
    const Answer second = solve(bare, universe, stop, statistics);
    const Choices best = choices_of(std::get<Resolution>(second), roots, universe);
    if (best == before) {
        return first;
    }
    SolveRequest fixed = request;
    fixed.preferred.clear();
    for (const auto& [slot, candidate] : best) {
        fixed.preferred.push_back(candidate);
    }
    fixed.preferred.insert(fixed.preferred.end(), request.preferred.begin(),
                           request.preferred.end());
    return solve(fixed, universe, stop, statistics);
}

namespace {

std::set<SlotId> root_slots(const SolveRequest& request, const Universe& universe) {
    std::set<SlotId> slots;
    for (const RequirementId root : request.roots) {
        slots.insert(universe.requirement(root).slot);
    }
    return slots;
}

Choices choices_of(const Resolution& resolution, const std::set<SlotId>& slots,
                   const Universe& universe) {
    Choices choices;
    for (const CandidateId candidate : resolution.chosen) {
        const SlotId slot = universe.candidate(candidate).slot;
        if (slots.contains(slot)) {
            choices.emplace(slot, candidate);
        }
    }
    return choices;
}

bool are_preferred(const Choices& choices, const SolveRequest& request) {
    return std::all_of(choices.begin(), choices.end(), [&](const auto& choice) {
        return std::find(request.preferred.begin(), request.preferred.end(), choice.second) !=
               request.preferred.end();
    });
}

SolveRequest without_dependencies(const SolveRequest& request, const std::set<SlotId>& roots,
                                  const Universe& universe) {
    SolveRequest bare = request;
    std::erase_if(bare.preferred, [&](CandidateId candidate) {
        return !roots.contains(universe.candidate(candidate).slot);
    });
    return bare;
}

} // namespace

} // namespace envpm::solver
