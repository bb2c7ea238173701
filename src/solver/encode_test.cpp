#include "solver/encode.h"

#include "solver/fake_universe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace envpm::solver {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// One slot of five, all known.
struct Five {
    FakeUniverse universe{FakeUniverse::Metadata::known};
    SlotId slot = universe.add_slot("x", 5);
    Encoding encoding{universe};
};

/// The ranks of `slot` that a solution of these jobs can have, by trying each.
std::vector<std::size_t> possible(Five& five, const std::vector<Job>& jobs) {
    five.encoding.index();
    Sat sat(five.encoding.pool());
    std::vector<std::size_t> ranks;
    for (std::size_t rank = 0; rank < 5; ++rank) {
        std::vector<Job> all = jobs;
        all.push_back(five.encoding.choose(five.universe.at(five.slot, rank)));
        if (sat.run(all)) {
            ranks.push_back(rank);
        }
    }
    return ranks;
}

std::vector<CandidateId> solved(Encoding& encoding, const std::vector<Job>& jobs) {
    encoding.index();
    Sat sat(encoding.pool());
    EXPECT_TRUE(sat.run(jobs));
    std::vector<CandidateId> candidates;
    for (const Solvable solvable : sat.chosen()) {
        const std::optional<CandidateId> candidate = encoding.candidate_of(solvable);
        if (candidate) {
            candidates.push_back(*candidate);
        }
    }
    return candidates;
}

} // namespace

TEST(Encode, ARequirementAllowsExactlyItsMatches) {
    for (std::size_t set = 0; set < 32; ++set) { // every subset: ranges, holes, nothing
        std::vector<std::size_t> ranks;
        for (std::size_t rank = 0; rank < 5; ++rank) {
            if ((set >> rank) % 2 == 1) {
                ranks.push_back(rank);
            }
        }
        for (const RequirementKind kind : {RequirementKind::needs, RequirementKind::constrains}) {
            Five five;
            const RequirementId requirement = five.universe.add_requirement(five.slot, kind, ranks);
            five.encoding.add_slot(five.slot);
            five.encoding.add_requirement(requirement);
            EXPECT_EQ(possible(five, {five.encoding.require(requirement)}), ranks) << set;
        }
    }
}

TEST(Encode, AJobLimitsTheRankFromBelowAndFromAbove) {
    Five five;
    five.encoding.add_slot(five.slot);
    EXPECT_EQ(five.encoding.highest_rank(five.slot), 4U);
    EXPECT_THAT(possible(five, {five.encoding.at_least(five.slot, 3)}), ElementsAre(3, 4));
    EXPECT_THAT(possible(five, {five.encoding.at_most(five.slot, 1)}), ElementsAre(0, 1));
    EXPECT_THAT(solved(five.encoding, {five.encoding.at_most(five.slot, 1)}), IsEmpty());
}

TEST(Encode, ASlotHoldsOneCandidate) {
    Five five;
    five.encoding.add_slot(five.slot);
    for (std::size_t rank = 0; rank < 5; ++rank) {
        EXPECT_THAT(possible(five, {five.encoding.choose(five.universe.at(five.slot, rank))}),
                    ElementsAre(rank));
    }
    EXPECT_THAT(solved(five.encoding, {five.encoding.decide(five.slot)}),
                ElementsAre(five.universe.at(five.slot, 4)));
}

TEST(Encode, AtLeastIsALowerBound) {
    Five five;
    five.encoding.add_slot(five.slot);
    EXPECT_THAT(possible(five, {five.encoding.at_least(five.slot, 3)}), ElementsAre(3U, 4U));
    EXPECT_EQ(possible(five, {five.encoding.at_least(five.slot, 0)}).size(), 5U);
}

TEST(Encode, APreferenceHoldsIfItsSlotIsAbsent) {
    Five five;
    five.encoding.add_slot(five.slot);
    const CandidateId wanted = five.universe.at(five.slot, 2);
    EXPECT_TRUE(five.encoding.add_preference(wanted));
    EXPECT_TRUE(five.encoding.has_preference(wanted));
    EXPECT_THAT(possible(five, {five.encoding.keep(wanted)}), ElementsAre(2U));
    EXPECT_THAT(solved(five.encoding, {five.encoding.keep(wanted)}), IsEmpty());
    const CandidateId elsewhere = five.universe.at(five.universe.add_slot("y", 1), 0);
    EXPECT_FALSE(five.encoding.add_preference(elsewhere));
    EXPECT_FALSE(five.encoding.has_preference(elsewhere));
}

TEST(Encode, AnUnusableCandidateIsForbidden) {
    Five five;
    five.universe.make_unusable(five.universe.at(five.slot, 4));
    five.encoding.add_slot(five.slot);
    five.encoding.add_dependencies(five.universe.at(five.slot, 4));
    EXPECT_THAT(possible(five, {}), ElementsAre(0U, 1U, 2U, 3U));
}

TEST(Encode, ADependencyWaitsForTheSlotsThatItNames) {
    Five five;
    const SlotId python = five.universe.add_slot("python", 2);
    const SlotId backport = five.universe.add_slot("backport", 1);
    const CandidateId newest = five.universe.at(five.slot, 4);
    five.universe.depend(newest, five.universe.needs(backport, 0),
                         five.universe.needs(python, 0, 0));
    const auto with_old_python = [&] {
        return solved(five.encoding, {five.encoding.choose(newest),
                                      five.encoding.choose(five.universe.at(python, 0))});
    };
    five.encoding.add_slot(five.slot);
    five.encoding.add_dependencies(newest);
    EXPECT_EQ(solved(five.encoding, {five.encoding.choose(newest)}).size(), 1U);
    five.encoding.add_slot(python);
    EXPECT_EQ(with_old_python().size(), 2U);
    five.encoding.add_slot(backport);
    EXPECT_EQ(with_old_python().size(), 3U);
    EXPECT_EQ(solved(five.encoding, {five.encoding.choose(newest),
                                     five.encoding.choose(five.universe.at(python, 1))})
                  .size(),
              2U);
}

/// A slot of nine of which two are encoded first.
struct Nine {
    FakeUniverse universe{FakeUniverse::Metadata::known};
    SlotId slot = universe.add_slot("x", 9);
    SlotId other = universe.add_slot("y", 1);
    std::vector<RequirementId> asked;
    RequirementId condition{};

    explicit Nine(std::uint32_t seed) {
        std::mt19937 random(seed);
        const auto some = [&] {
            std::vector<std::size_t> ranks;
            for (std::size_t rank = 0; rank < 9; ++rank) {
                if (random() % 3 != 0) {
                    ranks.push_back(rank);
                }
            }
            return ranks;
        };
        for (const RequirementKind kind : {RequirementKind::needs, RequirementKind::constrains}) {
            asked.push_back(universe.add_requirement(slot, kind, some()));
            const std::size_t low = random() % 9;
            asked.push_back(universe.needs(slot, low, low + random() % 4));
        }
        condition = universe.add_requirement(slot, RequirementKind::needs, some());
        universe.depend(universe.at(other, 0), universe.needs(slot, random() % 9), condition);
        universe.make_unusable(universe.at(slot, 8 - random() % 2));
    }

    void encode(Encoding& encoding) {
        encoding.add_slot(slot);
        encoding.add_slot(other);
        encoding.add_dependencies(universe.at(slot, 8));
        encoding.add_dependencies(universe.at(other, 0));
        for (const RequirementId requirement : asked) {
            encoding.add_requirement(requirement);
        }
    }

    /// The ranks with which the requirement can hold, `other` being there too.
    std::set<std::size_t> possible(Encoding& encoding, RequirementId requirement) {
        encoding.index();
        Sat sat(encoding.pool());
        std::set<std::size_t> ranks;
        for (std::size_t rank = 0; rank < 9; ++rank) {
            if (sat.run(std::vector<Job>{encoding.require(requirement),
                                         encoding.choose(universe.at(other, 0)),
                                         encoding.choose(universe.at(slot, rank))})) {
                ranks.insert(rank);
            }
        }
        return ranks;
    }
};

TEST(Encode, WhatIsEncodedInPartAllowsNoLessAndAboveItsBaseTheSame) {
    for (std::uint32_t seed = 0; seed < 300; ++seed) {
        SCOPED_TRACE(seed);
        Nine nine(seed);
        Encoding whole(nine.universe);
        Encoding part(nine.universe, 2);
        nine.encode(whole);
        nine.encode(part);
        bool is_wider = true;
        while (is_wider) {
            const std::size_t base = part.base(nine.slot);
            for (const RequirementId requirement : nine.asked) {
                const std::set<std::size_t> all = nine.possible(whole, requirement);
                const std::set<std::size_t> some = nine.possible(part, requirement);
                EXPECT_TRUE(std::includes(some.begin(), some.end(), all.begin(), all.end()));
                EXPECT_EQ(std::set(some.lower_bound(base), some.end()),
                          std::set(all.lower_bound(base), all.end()));
            }
            const std::map<SlotId, CandidateId> lowest = {
                {nine.slot, nine.universe.at(nine.slot, 0)}};
            EXPECT_EQ(part.has_rest(lowest), base > 0);
            is_wider = part.widen(lowest);
            EXPECT_EQ(is_wider, base > 0);
        }
    }
}

TEST(Encode, OfALongSlotTheBestAreEncodedFirst) {
    FakeUniverse universe(FakeUniverse::Metadata::known);
    const SlotId slot = universe.add_slot("x", 100);
    Encoding encoding(universe, 10);
    encoding.add_slot(slot);
    EXPECT_EQ(encoding.base(slot), 90U);
    EXPECT_THAT(solved(encoding, {encoding.decide(slot)}), ElementsAre(universe.at(slot, 99)));
    EXPECT_THAT(solved(encoding, {encoding.decide(slot), encoding.at_most(slot, 50)}),
                ElementsAre(universe.at(slot, 89)))
        << "the rest";
    encoding.add_requirement(universe.needs(slot, 20, 60));
    EXPECT_EQ(encoding.base(slot), 55U);
    encoding.add_dependencies(universe.at(slot, 40));
    EXPECT_EQ(encoding.base(slot), 35U);
    EXPECT_TRUE(encoding.add_preference(universe.at(slot, 30)));
    EXPECT_EQ(encoding.base(slot), 30U);
    EXPECT_THAT(solved(encoding, {encoding.decide(slot), encoding.at_most(slot, 50)}),
                ElementsAre(universe.at(slot, 50)));
}

TEST(Encode, ManySlotsOutgrowTheReservedBlock) {
    FakeUniverse universe(FakeUniverse::Metadata::known);
    Encoding encoding(universe);
    std::vector<Job> jobs;
    for (int count = 0; count < 1100; ++count) {
        const SlotId slot = universe.add_slot(fmt::format("s{}", count), 1);
        encoding.add_slot(slot);
        jobs.push_back(encoding.decide(slot));
    }
    EXPECT_EQ(solved(encoding, jobs).size(), 1100U);
}

} // namespace envpm::solver
