#include "solver/walk.h"

#include <algorithm>
#include <utility>

namespace envpm::solver {

namespace {

/// The matches of one requirement, read from the most preferred on.
struct Cursor {
    std::span<const CandidateId> rest;

    bool take(CandidateId candidate) {
        if (rest.empty() || rest.back() != candidate) {
            return false;
        }
        rest = rest.first(rest.size() - 1);
        return true;
    }
};

} // namespace

std::vector<CandidateId> matching_all(const std::vector<RequirementId>& requirements,
                                      Universe& universe, SlotId slot, Usable usable) {
    std::vector<Cursor> cursors;
    cursors.reserve(requirements.size());
    for (const RequirementId requirement : requirements) {
        cursors.push_back({universe.matches(requirement)});
    }
    // Matches are in the slot's own order, so one pass over all of them is enough.
    std::vector<CandidateId> common;
    const std::span<const CandidateId> candidates = universe.candidates(slot);
    for (std::size_t left = candidates.size(); left > 0; --left) {
        const CandidateId candidate = candidates[left - 1];
        std::size_t matched = 0;
        for (Cursor& cursor : cursors) {
            matched += cursor.take(candidate) ? 1U : 0U;
        }
        const bool is_allowed = usable == Usable::any || universe.is_usable(candidate);
        if (matched == cursors.size() && is_allowed) {
            common.push_back(candidate);
        }
    }
    std::reverse(common.begin(), common.end());
    return common;
}

bool is_match(RequirementId requirement, CandidateId candidate, Universe& universe) {
    const std::span<const CandidateId> matches = universe.matches(requirement);
    return std::find(matches.begin(), matches.end(), candidate) != matches.end();
}

NeedWalk::NeedWalk(std::span<const RequirementId> roots, std::span<const RequirementId> constraints,
                   const Knowledge& known)
    : known_(known) {
    for (const RequirementId root : roots) {
        ask(root);
    }
    for (const RequirementId constraint : constraints) {
        ask(constraint);
    }
    std::swap(level_, next_level_);
}

void NeedWalk::advance(const Choices& choices) {
    const std::vector<SlotId> level = std::exchange(level_, {});
    for (const SlotId slot : level) {
        const auto choice = choices.find(slot);
        if (choice != choices.end()) {
            pass(slot, choice->second);
        }
    }
    std::swap(level_, next_level_);
}

void NeedWalk::pass(SlotId slot, CandidateId choice) {
    passed_[slot] = choice;
    const std::vector<Dependency> waiting = std::exchange(waiting_[slot], {});
    for (const Dependency& dependency : waiting) {
        consider(dependency);
    }
    if (!known_.candidates.contains(choice) || !known_.universe.is_usable(choice)) {
        return;
    }
    for (const Dependency& dependency : known_.universe.dependencies(choice)) {
        consider(dependency);
    }
}

void NeedWalk::consider(const Dependency& dependency) {
    if (dependency.when) {
        const SlotId slot = known_.universe.requirement(*dependency.when).slot;
        const auto choice = passed_.find(slot);
        if (choice == passed_.end()) {
            waiting_[slot].push_back(dependency);
            return;
        }
        if (!is_match(*dependency.when, choice->second, known_.universe)) {
            return;
        }
    }
    ask(dependency.need);
}

void NeedWalk::ask(RequirementId requirement) {
    const Requirement& asked = known_.universe.requirement(requirement);
    std::vector<RequirementId>& all = asked_[asked.slot];
    if (std::find(all.begin(), all.end(), requirement) == all.end()) {
        all.push_back(requirement);
    }
    if (asked.kind == RequirementKind::needs && is_reached_.insert(asked.slot).second) {
        next_level_.push_back(asked.slot);
        reached_.push_back(asked.slot);
    }
}

} // namespace envpm::solver
