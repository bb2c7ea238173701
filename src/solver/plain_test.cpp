#include "solver/plain.h"

#include "solver/fake_universe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::solver {

namespace {

using testing::Optional;

/// Three slots with three candidates each, all taken up; the request is the first.
struct PlainWorld {
    FakeUniverse universe{FakeUniverse::Metadata::known};
    std::vector<SlotId> slots;
    Knowledge known{universe, {}, {}};
    SolveRequest request;

    PlainWorld() {
        for (const char* name : {"a", "b", "c"}) {
            slots.push_back(universe.add_slot(name, 3));
            known.slots.insert(slots.back());
            for (std::size_t rank = 0; rank < 3; ++rank) {
                known.candidates.insert(at(slots.size() - 1, rank));
            }
        }
        request.roots = {universe.needs(slots[0], 0)};
    }

    [[nodiscard]] CandidateId at(std::size_t slot, std::size_t rank) const {
        return universe.at(slots[slot], rank);
    }

    [[nodiscard]] Choices choices(std::size_t a, std::size_t b) const {
        return {{slots[0], at(0, a)}, {slots[1], at(1, b)}};
    }
};

} // namespace

TEST(Plain, TheBestThatEachLevelAllowsIsTheBest) {
    PlainWorld world;
    world.universe.depend(world.at(0, 2), world.universe.needs(world.slots[1], 0, 1));
    const Choices best = world.choices(2, 1);
    EXPECT_THAT(plainly_best(best, world.request, world.known), Optional(best));
    EXPECT_EQ(plainly_best(world.choices(2, 0), world.request, world.known), std::nullopt);
    EXPECT_EQ(plainly_best(world.choices(1, 1), world.request, world.known), std::nullopt);
}

TEST(Plain, WhatNothingNeedsIsLeftOut) {
    PlainWorld world;
    const Choices only_a = {{world.slots[0], world.at(0, 2)}};
    EXPECT_THAT(plainly_best(world.choices(2, 2), world.request, world.known), Optional(only_a));
}

TEST(Plain, WhatIsAskedFurtherDownIsNotPassedOver) {
    PlainWorld world;
    world.universe.depend(world.at(0, 2), world.universe.needs(world.slots[1], 0));
    world.universe.depend(world.at(1, 2), world.universe.needs(world.slots[0], 0, 1));
    EXPECT_EQ(plainly_best(world.choices(2, 2), world.request, world.known), std::nullopt);
}

TEST(Plain, AnUnusableOrUnknownChoiceIsDoubtful) {
    PlainWorld world;
    Knowledge nothing_of_b{world.universe, {}, {}};
    world.universe.depend(world.at(0, 2), world.universe.needs(world.slots[1], 0));
    nothing_of_b.slots.insert(world.slots[0]);
    nothing_of_b.candidates.insert(world.at(0, 2));
    const Choices best = world.choices(2, 2);
    EXPECT_EQ(plainly_best(best, world.request, nothing_of_b), std::nullopt);
    world.universe.make_unusable(world.at(1, 2));
    EXPECT_EQ(plainly_best(best, world.request, world.known), std::nullopt);
}

TEST(Plain, APreferredOneMayBeOlderAndMustBeKept) {
    PlainWorld world;
    const Choices kept = {{world.slots[0], world.at(0, 1)}};
    const Choices newest = {{world.slots[0], world.at(0, 2)}};
    world.request.preferred = {world.at(0, 1)};
    EXPECT_THAT(plainly_best(kept, world.request, world.known), Optional(kept));
    EXPECT_EQ(plainly_best(newest, world.request, world.known), std::nullopt);
}

TEST(Plain, WhatContradictsADecisionIsExcluded) {
    PlainWorld world;
    FakeUniverse& universe = world.universe;
    universe.depend(world.at(0, 2), universe.needs(world.slots[2], 2));
    universe.depend(world.at(1, 2), universe.needs(world.slots[0], 0, 1));
    universe.depend(world.at(1, 1), universe.needs(world.slots[2], 0, 1));
    universe.depend(world.at(1, 0), universe.constrains(world.slots[2], 2));
    const Choices none;
    NeedWalk walk(world.request.roots, {}, world.known);
    Decided decided(none, walk, world.known);
    EXPECT_FALSE(decided.excludes(world.at(1, 2)));
    decided.add(world.slots[0], world.at(0, 2));
    EXPECT_TRUE(decided.excludes(world.at(1, 2))); // another a
    EXPECT_TRUE(decided.excludes(world.at(1, 1))); // a needs another c
    EXPECT_FALSE(decided.excludes(world.at(1, 0)));
}

TEST(Plain, WhatMayStayAbsentExcludesNothing) {
    PlainWorld world;
    world.universe.depend(world.at(1, 2), world.universe.constrains(world.slots[2], 9));
    const Choices none;
    NeedWalk walk(world.request.roots, {}, world.known);
    EXPECT_FALSE(Decided(none, walk, world.known).excludes(world.at(1, 2)));
}

} // namespace envpm::solver
