#include "solver/explain.h"

#include "solver/premises.h"

#include <algorithm>
#include <deque>
#include <set>

namespace envpm::solver {

namespace {

/// Follows the premises from what was asked and writes them down on the way.
class Argument {
  public:
    Argument(const Premises& premises, const Encoding& encoding, Universe& universe)
        : premises_(premises),
          encoding_(encoding),
          universe_(universe) {}

    Conflict write(const std::vector<RequirementId>& asked);

  private:
    void mention(RequirementId requirement);
    void follow(SlotId slot);
    std::vector<CandidateId> in_order(const std::vector<CandidateId>& candidates);

    const Premises& premises_;
    const Encoding& encoding_;
    Universe& universe_;
    Conflict conflict_;
    std::set<RequirementId> mentioned_;
    std::set<SlotId> seen_;
    std::deque<SlotId> to_follow_;
};

Premises read(std::span<const ProofStep> proof, const Encoding& encoding, Universe& universe);

} // namespace

Conflict explain(const std::vector<RequirementId>& asked, std::span<const ProofStep> proof,
                 const Encoding& encoding, Universe& universe) {
    const Premises premises = necessary(read(proof, encoding, universe), asked, universe);
    return Argument(premises, encoding, universe).write(asked);
}

namespace {

Premises read(std::span<const ProofStep> proof, const Encoding& encoding, Universe& universe) {
    Premises premises;
    for (const ProofStep& step : proof) {
        const std::optional<CandidateId> candidate = encoding.candidate_of(step.from);
        const std::optional<RequirementId> marker = encoding.requirement_of(step.from);
        const std::optional<RequirementId> need = encoding.requirement_of(step.dep);
        if (step.kind == ProofStep::Kind::nothing_provides && marker) {
            premises.unmatched.insert(*marker);
        } else if (step.kind == ProofStep::Kind::nothing_provides && candidate) {
            premises.unusable[universe.candidate(*candidate).slot].push_back(*candidate);
        } else if (step.kind == ProofStep::Kind::needs && candidate && need) {
            premises.needs[universe.candidate(*candidate).slot][*need].push_back(*candidate);
        }
    }
    return premises;
}

Conflict Argument::write(const std::vector<RequirementId>& asked) {
    conflict_.roots = asked;
    for (const RequirementId root : asked) {
        conflict_.reasons.push_back({Reason::Kind::asked, root, {}});
    }
    for (const RequirementId root : asked) {
        mention(root);
    }
    while (!to_follow_.empty()) {
        const SlotId slot = to_follow_.front();
        to_follow_.pop_front();
        follow(slot);
    }
    return std::move(conflict_);
}

void Argument::mention(RequirementId requirement) {
    if (!mentioned_.insert(requirement).second) {
        return;
    }
    if (premises_.unmatched.contains(requirement)) {
        conflict_.reasons.push_back({Reason::Kind::nothing_matches, requirement, {}});
    }
    const SlotId slot = universe_.requirement(requirement).slot;
    if (seen_.insert(slot).second) {
        to_follow_.push_back(slot);
    }
}

void Argument::follow(SlotId slot) {
    const auto unusable = premises_.unusable.find(slot);
    if (unusable != premises_.unusable.end()) {
        const std::vector<CandidateId> candidates = in_order(unusable->second);
        if (!candidates.empty()) {
            conflict_.reasons.push_back({Reason::Kind::unusable, {}, candidates});
        }
    }
    const auto needs = premises_.needs.find(slot);
    if (needs == premises_.needs.end()) {
        return;
    }
    std::vector<Reason> reasons;
    for (const auto& [need, all] : needs->second) {
        std::vector<CandidateId> candidates = in_order(all);
        if (!candidates.empty()) {
            reasons.push_back({Reason::Kind::needs, need, std::move(candidates)});
        }
    }
    // The needs of preferred candidates first; ids say nothing, they depend on what came first.
    std::sort(reasons.begin(), reasons.end(), [&](const Reason& left, const Reason& right) {
        const std::size_t left_rank = encoding_.rank(left.candidates.back());
        const std::size_t right_rank = encoding_.rank(right.candidates.back());
        if (left_rank != right_rank) {
            return left_rank > right_rank;
        }
        return universe_.requirement(left.requirement).text <
               universe_.requirement(right.requirement).text;
    });
    for (Reason& reason : reasons) {
        conflict_.reasons.push_back(reason);
        mention(reason.requirement);
    }
}

/// Those that what is asked leaves, ascending.
std::vector<CandidateId> Argument::in_order(const std::vector<CandidateId>& candidates) {
    std::vector<CandidateId> left = not_excluded(candidates, conflict_.roots, universe_);
    std::sort(left.begin(), left.end(), [&](CandidateId one, CandidateId other) {
        return encoding_.rank(one) < encoding_.rank(other);
    });
    left.erase(std::unique(left.begin(), left.end()), left.end());
    return left;
}

} // namespace

} // namespace envpm::solver
