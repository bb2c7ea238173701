#pragma once

#include "model/answer.h"
#include "model/universe.h"

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
};

/// Facts for `--verbose`.
struct SolveStatistics {
    int rounds = 0;
    std::size_t described = 0; ///< candidates whose metadata was asked for
    double solver_seconds = 0;
};

/// Finds the best set of candidates, or a minimal proof that there is none.
///
/// Best: the worst lag (releases behind the newest match) over the roots is as small as it can be;
/// then the roots in order, each as high as it can be; nothing that no chosen candidate needs.
/// Metadata is loaded lazily through the universe, a round's worth at a time, with a look-ahead
/// that doubles for slots that are tried again. The answer is the one that full knowledge would
/// give for the roots. Deterministic. Throws what the universe throws, and an Error with
/// ExitCode::interrupted when stopped.
Answer solve(const SolveRequest& request, Universe& universe, std::stop_token stop,
             SolveStatistics* statistics = nullptr);

} // namespace envpm::solver
