#include "solver/plain.h"

#include <algorithm>

namespace envpm::solver {

namespace {

bool is_all_kept(const std::vector<CandidateId>& preferred, const Choices& choices,
                 Universe& universe);

} // namespace

std::optional<Choices> plainly_best(const Choices& guess, const SolveRequest& request,
                                    const Knowledge& known) {
    const auto is_preferred = [&](CandidateId candidate) {
        return std::find(request.preferred.begin(), request.preferred.end(), candidate) !=
               request.preferred.end();
    };
    Choices choices;
    NeedWalk walk(request.roots, request.constraints, known);
    while (!walk.level().empty()) {
        for (const SlotId slot : walk.level()) {
            const auto choice = guess.find(slot);
            if (choice == guess.end() || !known.candidates.contains(choice->second)) {
                return std::nullopt;
            }
            if (!is_preferred(choice->second) &&
                best_matching_all(walk.asked(slot), known.universe, slot) != choice->second) {
                return std::nullopt;
            }
            choices.insert(*choice);
        }
        walk.advance(choices);
    }
    const bool is_valid = std::all_of(choices.begin(), choices.end(), [&](const auto& choice) {
        const std::vector<RequirementId>& asked = walk.asked(choice.first);
        return known.universe.is_usable(choice.second) &&
               std::all_of(asked.begin(), asked.end(), [&](RequirementId requirement) {
                   return is_match(requirement, choice.second, known.universe);
               });
    });
    if (!is_valid || !is_all_kept(request.preferred, choices, known.universe)) {
        return std::nullopt;
    }
    return choices;
}

void Decided::add(SlotId slot, CandidateId choice) {
    more_[slot] = choice;
    if (!known_.candidates.contains(choice) || !known_.universe.is_usable(choice)) {
        return;
    }
    for (const Dependency& dependency : known_.universe.dependencies(choice)) {
        if (!dependency.when) {
            const Requirement& asked = known_.universe.requirement(dependency.need);
            asked_[asked.slot].push_back(dependency.need);
            if (asked.kind == RequirementKind::needs) {
                needed_.insert(asked.slot);
            }
        }
    }
}

bool Decided::excludes(CandidateId candidate) const {
    if (!known_.candidates.contains(candidate)) {
        return false;
    }
    const std::span<const Dependency> dependencies = known_.universe.dependencies(candidate);
    return std::any_of(dependencies.begin(), dependencies.end(), [&](const Dependency& dependency) {
        const Requirement& asked = known_.universe.requirement(dependency.need);
        return !dependency.when && known_.slots.contains(asked.slot) &&
               excludes(asked, dependency.need);
    });
}

bool Decided::excludes(const Requirement& asked, RequirementId requirement) const {
    for (const Choices* const choices : {&choices_, &more_}) {
        if (const auto choice = choices->find(asked.slot); choice != choices->end()) {
            return !is_match(requirement, choice->second, known_.universe);
        }
    }
    if (asked.kind == RequirementKind::constrains && !needed_.contains(asked.slot) &&
        !walk_.is_reached(asked.slot)) {
        return false; // it may stay absent
    }
    std::vector<RequirementId> all = walk_.asked(asked.slot);
    if (const auto more = asked_.find(asked.slot); more != asked_.end()) {
        all.insert(all.end(), more->second.begin(), more->second.end());
    }
    all.push_back(requirement);
    return !best_matching_all(all, known_.universe, asked.slot);
}

namespace {

bool is_all_kept(const std::vector<CandidateId>& preferred, const Choices& choices,
                 Universe& universe) {
    return std::all_of(preferred.begin(), preferred.end(), [&](CandidateId candidate) {
        const auto choice = choices.find(universe.candidate(candidate).slot);
        return choice == choices.end() || choice->second == candidate;
    });
}

} // namespace

} // namespace envpm::solver
