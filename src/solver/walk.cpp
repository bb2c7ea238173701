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

/// The candidates that match several requirements, from the most preferred on. Matches are in the
/// slot's own order, so one pass over all of them is enough.
class Matching {
  public:
    Matching(const std::vector<RequirementId>& requirements, Universe& universe, SlotId slot,
             Usable usable)
        : universe_(universe),
          usable_(usable),
          rest_(universe.candidates(slot)) {
        cursors_.reserve(requirements.size());
        for (const RequirementId requirement : requirements) {
            cursors_.push_back({universe.matches(requirement)});
        }
    }

    std::optional<CandidateId> next() {
        while (!rest_.empty()) {
            const CandidateId candidate = rest_.back();
            rest_ = rest_.first(rest_.size() - 1);
            std::size_t matched = 0;
            for (Cursor& cursor : cursors_) {
                matched += cursor.take(candidate) ? 1U : 0U;
            }
            const bool is_allowed = usable_ == Usable::any || universe_.is_usable(candidate);
            if (matched == cursors_.size() && is_allowed) {
                return candidate;
            }
        }
        return std::nullopt;
    }

  private:
    Universe& universe_;
    Usable usable_;
    std::span<const CandidateId> rest_;
    std::vector<Cursor> cursors_;
};

} // namespace

std::vector<CandidateId> matching_all(const std::vector<RequirementId>& requirements,
                                      Universe& universe, SlotId slot, Usable usable) {
    Matching matching(requirements, universe, slot, usable);
    std::vector<CandidateId> common;
    while (const std::optional<CandidateId> candidate = matching.next()) {
        common.push_back(*candidate);
    }
    std::reverse(common.begin(), common.end());
    return common;
}

std::optional<CandidateId> best_matching_all(const std::vector<RequirementId>& requirements,
                                             Universe& universe, SlotId slot) {
    return Matching(requirements, universe, slot, Usable::only).next();
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
    if (const auto waiting = waiting_.extract(slot)) {
        for (const Dependency& dependency : waiting.mapped()) {
            consider(dependency);
        }
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
        const CandidateId* const choice = passed_.find(slot);
        if (choice == nullptr) {
            waiting_[slot].push_back(dependency);
            return;
        }
        if (!is_match(*dependency.when, *choice, known_.universe)) {
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
    if (asked.kind == RequirementKind::needs && is_reached_.insert(asked.slot)) {
        next_level_.push_back(asked.slot);
        reached_.push_back(asked.slot);
    }
}

} // namespace envpm::solver
