#pragma once

#include "solver/solve.h"

#include <stop_token>

namespace envpm::solver {

/// As `solve`, but with the wishes of a lock that is made anew: what is preferred of the roots'
/// slots comes first, then the roots as good as they can be, and only then what else is preferred.
/// So no root is worse than without the preferences of its dependencies. Solves a second and a
/// third time only if a root does not hold what is preferred of it.
Answer solve_again(const SolveRequest& request, Universe& universe, const std::stop_token& stop,
                   SolveStatistics* statistics = nullptr);

} // namespace envpm::solver
