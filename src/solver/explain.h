#pragma once

#include "model/answer.h"
#include "solver/encode.h"
#include "solver/walk.h"

#include <span>
#include <vector>

namespace envpm::solver {

/// Folds libsolv's proof that `asked` (roots and constraints, all of them needed for the proof)
/// cannot be met: steps that only concern the encoding vanish, candidates with the same need
/// become one reason, what is not necessary (premises.h) or the argument never leads to is left
/// out, and the rest stands in the order in which it follows from what was asked.
Conflict explain(const std::vector<RequirementId>& asked, std::span<const ProofStep> proof,
                 const Encoding& encoding, Universe& universe);

} // namespace envpm::solver
