#pragma once

#include "locking/solution.h"
#include "universe/mixed_world_for_tests.h"

#include <variant>

// For tests only.

namespace envpm::locking::test {

/// What `world` was solved for last, in the words of the lock. There must be an answer.
inline TargetSolution solution_of(universe::test::Mixed& world) {
    return to_solution(std::get<Resolution>(world.answer), *world.universe, *world.requests,
                       world.manifest->targets.front());
}

} // namespace envpm::locking::test
