#pragma once

#include "advice/explain.h"
#include "universe/world_for_tests.h"

#include <string>
#include <variant>

// For tests only.

namespace envpm::advice::test {

/// Each reason of the conflict on a line, with its place; empty if there is an answer.
inline std::string why_not(universe::test::World world) {
    const Answer answer = world.solve();
    std::string out;
    if (const auto* conflict = std::get_if<Conflict>(&answer)) {
        for (const ExplainedReason& reason :
             explain_reasons(*conflict, world.universe, {world.listings, {}, &world.facts})) {
            out += reason.text + " " + reason.place + "\n";
        }
    }
    return out;
}

} // namespace envpm::advice::test
