#include "solver/explain.h"

#include <algorithm>
#include <deque>
#include <set>

namespace envpm::solver {

namespace {

/// The proof in our own terms, without order.
struct Facts {
    std::map<SlotId, std::map<RequirementId, std::vector<CandidateId>>> needs;
    std::map<SlotId, std::vector<CandidateId>> unusable;
    std::set<RequirementId> unmatched;
};

/// Follows the facts from what was asked and writes them down on the way.
class Argument {
  public:
    Argument(const Facts& facts, const Encoding& encoding, Universe& universe)
        : facts_(facts),
          encoding_(encoding),
          universe_(universe) {}

    Conflict write(const std::vector<RequirementId>& asked);

  private:
    void mention(RequirementId requirement);
    void follow(SlotId slot);
    std::vector<CandidateId> not_excluded(const std::vector<CandidateId>& candidates);

    const Facts& facts_;
    const Encoding& encoding_;
    Universe& universe_;
    Conflict conflict_;
    std::set<RequirementId> mentioned_;
    std::set<SlotId> seen_;
    std::deque<SlotId> to_follow_;
};

Facts read(std::span<const ProofStep> proof, const Encoding& encoding, Universe& universe);

} // namespace

Conflict explain(const std::vector<RequirementId>& asked, std::span<const ProofStep> proof,
                 const Encoding& encoding, Universe& universe) {
    const Facts facts = read(proof, encoding, universe);
    return Argument(facts, encoding, universe).write(asked);
}

namespace {

Facts read(std::span<const ProofStep> proof, const Encoding& encoding, Universe& universe) {
    Facts facts;
    for (const ProofStep& step : proof) {
        const std::optional<CandidateId> candidate = encoding.candidate_of(step.from);
        const std::optional<RequirementId> marker = encoding.requirement_of(step.from);
        const std::optional<RequirementId> need = encoding.requirement_of(step.dep);
        if (step.kind == ProofStep::Kind::nothing_provides && marker) {
            facts.unmatched.insert(*marker);
        } else if (step.kind == ProofStep::Kind::nothing_provides && candidate) {
            facts.unusable[universe.candidate(*candidate).slot].push_back(*candidate);
        } else if (step.kind == ProofStep::Kind::needs && candidate && need) {
            facts.needs[universe.candidate(*candidate).slot][*need].push_back(*candidate);
        }
    }
    return facts;
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
    if (facts_.unmatched.contains(requirement)) {
        conflict_.reasons.push_back({Reason::Kind::nothing_matches, requirement, {}});
    }
    const SlotId slot = universe_.requirement(requirement).slot;
    if (seen_.insert(slot).second) {
        to_follow_.push_back(slot);
    }
}

void Argument::follow(SlotId slot) {
    const auto unusable = facts_.unusable.find(slot);
    if (unusable != facts_.unusable.end()) {
        const std::vector<CandidateId> candidates = not_excluded(unusable->second);
        if (!candidates.empty()) {
            conflict_.reasons.push_back({Reason::Kind::unusable, {}, candidates});
        }
    }
    const auto needs = facts_.needs.find(slot);
    if (needs == facts_.needs.end()) {
        return;
    }
    std::vector<Reason> reasons;
    for (const auto& [need, all] : needs->second) {
        std::vector<CandidateId> candidates = not_excluded(all);
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

/// Those that the request itself leaves: the others cannot be chosen whatever they need. Ascending.
std::vector<CandidateId> Argument::not_excluded(const std::vector<CandidateId>& candidates) {
    std::vector<CandidateId> left;
    for (const CandidateId candidate : candidates) {
        const SlotId slot = universe_.candidate(candidate).slot;
        const bool is_excluded =
            std::any_of(conflict_.roots.begin(), conflict_.roots.end(), [&](RequirementId root) {
                return universe_.requirement(root).slot == slot &&
                       !is_match(root, candidate, universe_);
            });
        if (!is_excluded) {
            left.push_back(candidate);
        }
    }
    std::sort(left.begin(), left.end(), [&](CandidateId one, CandidateId other) {
        return encoding_.rank(one) < encoding_.rank(other);
    });
    left.erase(std::unique(left.begin(), left.end()), left.end());
    return left;
}

} // namespace

} // namespace envpm::solver
