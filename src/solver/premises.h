#pragma once

#include "model/universe.h"

#include <map>
#include <set>
#include <vector>

namespace envpm::solver {

/// What a proof rests on besides what was asked, in our own terms and without order. Each entry of
/// `needs` and of `unusable` is one line of an explanation.
struct Premises {
    std::map<SlotId, std::map<RequirementId, std::vector<CandidateId>>> needs;
    std::map<SlotId, std::vector<CandidateId>> unusable;
    std::set<RequirementId> unmatched;
};

/// Those of its candidates that what is asked leaves: the others cannot be chosen whatever they
/// need.
std::vector<CandidateId> not_excluded(const std::vector<CandidateId>& candidates,
                                      const std::vector<RequirementId>& asked, Universe& universe);

/// Leaves out what is not necessary: of the entries that remain, each alone keeps a solution away.
/// A solver's proof has more, as it stops at the first that it finds; so what else its candidates
/// say of each other counts too, and of several ways to the same end the shortest stays: "torch
/// needs CUDA 12.6" instead of what torch's cuDNN needs. Each entry costs a run of the solver, so
/// of more than 200 whole parts are tried first, in 600 runs at most: then more than the necessary
/// ones may remain. More than 5000 stay as they are.
Premises necessary(const Premises& proof, const std::vector<RequirementId>& asked,
                   Universe& universe);

} // namespace envpm::solver
