#include "solver/walk.h"

#include "solver/fake_universe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::solver {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Four slots with two candidates each, all taken up.
struct World {
    FakeUniverse universe{FakeUniverse::Metadata::known};
    std::vector<SlotId> slots;
    Knowledge known{universe, {}, {}};

    World() {
        for (const char* name : {"a", "b", "c", "d"}) {
            slots.push_back(universe.add_slot(name, 2));
            known.slots.insert(slots.back());
            known.candidates.insert(universe.at(slots.back(), 0));
            known.candidates.insert(universe.at(slots.back(), 1));
        }
    }

    [[nodiscard]] CandidateId at(std::size_t slot, std::size_t rank) const {
        return universe.at(slots[slot], rank);
    }
};

/// The levels of a walk from slot 0, as indices of slots.
std::vector<std::vector<std::size_t>> levels(World& world, const Choices& choices) {
    const std::vector<RequirementId> roots = {world.universe.needs(world.slots[0], 0)};
    NeedWalk walk(roots, {}, world.known);
    std::vector<std::vector<std::size_t>> levels;
    while (!walk.level().empty()) {
        std::vector<std::size_t> level;
        for (const SlotId slot : walk.level()) {
            level.push_back(static_cast<std::size_t>(slot));
        }
        levels.push_back(level);
        walk.advance(choices);
    }
    return levels;
}

} // namespace

TEST(Walk, MatchingAllIsTheCommonPartInOrder) {
    FakeUniverse universe(FakeUniverse::Metadata::known);
    const SlotId slot = universe.add_slot("x", 6);
    universe.make_unusable(universe.at(slot, 3));
    const std::vector<RequirementId> both = {
        universe.needs(slot, 1, 4),
        universe.add_requirement(slot, RequirementKind::constrains, {0, 2, 3, 4, 5})};
    EXPECT_THAT(matching_all(both, universe, slot, Usable::only),
                ElementsAre(universe.at(slot, 2), universe.at(slot, 4)));
    EXPECT_EQ(matching_all(both, universe, slot, Usable::any).size(), 3U);
    EXPECT_EQ(matching_all({}, universe, slot, Usable::any).size(), 6U);
}

TEST(Walk, VisitsEachSlotOnceBreadthFirst) {
    World world;
    world.universe.depend(world.at(0, 1), world.universe.needs(world.slots[2], 0));
    world.universe.depend(world.at(0, 1), world.universe.needs(world.slots[1], 0));
    world.universe.depend(world.at(2, 0), world.universe.needs(world.slots[3], 0));
    world.universe.depend(world.at(1, 0), world.universe.needs(world.slots[0], 0));
    const Choices choices = {{world.slots[0], world.at(0, 1)},
                             {world.slots[1], world.at(1, 0)},
                             {world.slots[2], world.at(2, 0)},
                             {world.slots[3], world.at(3, 0)}};
    EXPECT_THAT(levels(world, choices),
                ElementsAre(ElementsAre(0U), ElementsAre(2U, 1U), ElementsAre(3U)));
}

TEST(Walk, WhatIsNotTakenUpNeedsNothing) {
    World world;
    world.universe.depend(world.at(0, 1), world.universe.needs(world.slots[1], 0));
    world.known.candidates = {};
    EXPECT_THAT(levels(world, {{world.slots[0], world.at(0, 1)}}), ElementsAre(ElementsAre(0U)));
}

TEST(Walk, AConstraintIsAskedButReachesNothing) {
    World world;
    const RequirementId constraint = world.universe.constrains(world.slots[1], 1);
    world.universe.depend(world.at(0, 1), constraint);
    const std::vector<RequirementId> roots = {world.universe.needs(world.slots[0], 0)};
    NeedWalk walk(roots, {}, world.known);
    walk.advance({{world.slots[0], world.at(0, 1)}});
    EXPECT_THAT(walk.level(), IsEmpty());
    EXPECT_THAT(walk.asked(world.slots[1]), ElementsAre(constraint));
}

TEST(Walk, AConditionIsLookedAtWhenItsSlotHasBeenPassed) {
    for (const std::size_t rank : {0U, 1U}) {
        World world;
        // a needs d if c is the old one, and b; b needs c.
        world.universe.depend(world.at(0, 1), world.universe.needs(world.slots[3], 0),
                              world.universe.needs(world.slots[2], 0, 0));
        world.universe.depend(world.at(0, 1), world.universe.needs(world.slots[1], 0));
        world.universe.depend(world.at(1, 1), world.universe.needs(world.slots[2], 0));
        const Choices choices = {{world.slots[0], world.at(0, 1)},
                                 {world.slots[1], world.at(1, 1)},
                                 {world.slots[2], world.at(2, rank)}};
        const std::vector<std::vector<std::size_t>> visited = levels(world, choices);
        EXPECT_EQ(visited.size(), rank == 0 ? 4U : 3U);
        EXPECT_THAT(visited.back(), ElementsAre(rank == 0 ? 3U : 2U));
    }
}

} // namespace envpm::solver
