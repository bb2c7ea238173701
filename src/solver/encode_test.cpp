#include "solver/encode.h"

#include "solver/fake_universe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
