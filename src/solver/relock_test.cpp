#include "solver/relock.h"

#include "solver/fake_universe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::solver {

namespace {

using testing::ElementsAre;

/// Each app needs the library of its own number, a tool any.
struct RelockWorld {
    FakeUniverse universe;
    SlotId app = universe.add_slot("app", 5);
    SlotId library = universe.add_slot("library", 5);
    SlotId tool = universe.add_slot("tool", 5);
    SlotId other = universe.add_slot("other", 5);

    RelockWorld() {
        for (std::size_t rank = 0; rank < 5; ++rank) {
            universe.depend(universe.at(app, rank), universe.needs(library, rank, rank));
            universe.depend(universe.at(app, rank), universe.needs(other, 0));
            universe.depend(universe.at(tool, rank), universe.needs(library, 0));
        }
    }

    std::vector<std::string> solve(const SolveRequest& request) {
        std::vector<std::string> names;
        const Answer answer = solve_again(request, universe, {});
        for (const CandidateId candidate : std::get<Resolution>(answer).chosen) {
            const Candidate& chosen = universe.candidate(candidate);
            names.push_back(fmt::format("{} {}", universe.slot(chosen.slot).name, chosen.version));
        }
        return names;
    }
};

TEST(SolveAgain, ALockedDependencyDoesNotHoldANewRootBack) {
    RelockWorld world;
    FakeUniverse& universe = world.universe;
    const SolveRequest request{{universe.needs(world.app, 0)},
                               {},
                               {universe.at(world.library, 2), universe.at(world.other, 1)}};
    EXPECT_THAT(world.solve(request), ElementsAre("app 4", "library 4", "other 1"));
}

TEST(SolveAgain, ARootThatIsLockedStaysWithWhatItNeeds) {
    RelockWorld world;
    FakeUniverse& universe = world.universe;
    const SolveRequest request{{universe.needs(world.app, 0)},
                               {},
                               {universe.at(world.app, 2), universe.at(world.library, 2)}};
    EXPECT_THAT(world.solve(request), ElementsAre("app 2", "library 2", "other 4"));
}

TEST(SolveAgain, ALockedRootIsKeptBeforeANewOneIsMadeNew) {
    RelockWorld world;
    FakeUniverse& universe = world.universe;
    universe.depend(universe.at(world.tool, 4), universe.needs(world.library, 3));
    const SolveRequest request{{universe.needs(world.tool, 0), universe.needs(world.app, 0)},
                               {},
                               {universe.at(world.library, 2), universe.at(world.app, 2)}};
    EXPECT_THAT(world.solve(request), ElementsAre("app 2", "library 2", "tool 3", "other 4"));
}

TEST(SolveAgain, WhatFitsBesideTheBestRootsIsKept) {
    RelockWorld world;
    FakeUniverse& universe = world.universe;
    const SolveRequest request{{universe.needs(world.tool, 0)},
                               {},
                               {universe.at(world.library, 1), universe.at(world.tool, 0)}};
    EXPECT_THAT(world.solve(request), ElementsAre("library 1", "tool 0"));
    const SolveRequest changed{
        {universe.needs(world.tool, 3)}, {}, {universe.at(world.library, 1)}};
    EXPECT_THAT(world.solve(changed), ElementsAre("library 1", "tool 4"));
}

TEST(SolveAgain, AConflictIsOneStill) {
    RelockWorld world;
    FakeUniverse& universe = world.universe;
    const SolveRequest request{{universe.needs(world.app, 4), universe.needs(world.library, 0, 1)},
                               {},
                               {universe.at(world.library, 1)}};
    EXPECT_TRUE(std::holds_alternative<Conflict>(solve_again(request, universe, {})));
}

} // namespace

} // namespace envpm::solver
