#pragma once

#include "model/answer.h"
#include "model/universe.h"

#include <cstddef>
#include <span>
#include <stop_token>
#include <vector>

namespace envpm::solver {

/// What to solve. Earlier roots count more where versions must be traded against each other.
struct SolveRequest {
    std::vector<RequirementId> roots;       ///< kind `needs`: all must hold
    std::vector<RequirementId> constraints; ///< kind `constrains`: all must hold
    /// Candidates to keep if nothing speaks against it (a previous lock, another target's answer),
    /// strongest first. They pull nothing in.
    std::vector<CandidateId> preferred;
    /// Of a slot that has more than twice as many candidates, so many of the best are looked at
    /// first. It changes the time, not the answer.
    std::size_t first_part = 12;
};

/// Facts for `--verbose`.
struct SolveStatistics {
    int rounds = 0;            ///< times that all that was known was solved; 0: it was plain
    int solver_runs = 0;       ///< of libsolv, in all rounds
    int batches = 0;           ///< questions put to the universe: what a network is waited for
    std::size_t described = 0; ///< candidates whose metadata was asked for
    double solver_seconds = 0;
};

/// Finds the best set of candidates, or a minimal proof that there is none.
///
/// Best, in this order:
/// 1. each preferred candidate in turn is kept (its slot holds it, or nothing) if it can be;
/// 2. the worst lag over the other roots' slots is as small as it can be: the releases behind the
///    newest candidate that the request itself allows there, and no candidate lags less than one
///    that is preferred to it;
/// 3. the roots' slots in order, each as high as it can be;
/// 4. what they need, breadth first, in the order in which the dependencies name it, each as high
///    as it can be. A dependency with `when` is met once its condition's slot has been passed.
/// Nothing is chosen that no chosen candidate needs. A conflict's `roots` may name constraints.
///
/// Metadata is loaded lazily through the universe, a round's worth at a time, with a look-ahead
/// that doubles for slots that are tried again. The answer is the one that full knowledge would
/// give. Deterministic. Throws what the universe throws, and an Error with
/// ExitCode::interrupted when stopped.
Answer solve(const SolveRequest& request, Universe& universe, std::stop_token stop,
             SolveStatistics* statistics = nullptr);

} // namespace envpm::solver
