#include "solver/gather.h"

#include "base/error.h"
#include "solver/fake_universe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::solver {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Setting {
    FakeUniverse universe;
    SolveStatistics statistics;
    std::stop_source stop;
    Gatherer gatherer{universe, stop.get_token(), statistics};
};

} // namespace

TEST(Gather, FollowsTheBestThatMatchesAllThatIsAsked) {
    Setting setting;
    FakeUniverse& universe = setting.universe;
    const SlotId one = universe.add_slot("one", 1);
    const SlotId other = universe.add_slot("other", 1);
    const SlotId shared = universe.add_slot("shared", 9);
    universe.depend(universe.at(one, 0), universe.needs(shared, 2));
    universe.depend(universe.at(other, 0), universe.needs(shared, 0, 5));
    setting.gatherer.follow({{universe.needs(one, 0), universe.needs(other, 0)}, {}, {}}, {});
    EXPECT_THAT(setting.gatherer.take_slots(), ElementsAre(one, other, shared));
    EXPECT_THAT(setting.gatherer.take_candidates(),
                ElementsAre(universe.at(one, 0), universe.at(other, 0), universe.at(shared, 5)));
    EXPECT_THAT(setting.gatherer.take_slots(), IsEmpty());
    EXPECT_EQ(setting.statistics.batches, 4);
}

TEST(Gather, ChangesAGuessThatSomethingBelowRulesOut) {
    Setting setting;
    FakeUniverse& universe = setting.universe;
    const SlotId app = universe.add_slot("app", 1);
    const SlotId numpy = universe.add_slot("numpy", 3);
    const SlotId scipy = universe.add_slot("scipy", 1);
    universe.depend(universe.at(app, 0), universe.needs(numpy, 0));
    universe.depend(universe.at(app, 0), universe.needs(scipy, 0));
    universe.depend(universe.at(scipy, 0), universe.needs(numpy, 0, 1));
    setting.gatherer.follow({{universe.needs(app, 0)}, {}, {}}, {});
    EXPECT_TRUE(universe.is_described(universe.at(numpy, 1)));
    EXPECT_FALSE(universe.is_described(universe.at(numpy, 0)));
}

TEST(Gather, LeavesAContradictionToTheSolver) {
    Setting setting;
    FakeUniverse& universe = setting.universe;
    const SlotId slot = universe.add_slot("x", 4);
    setting.gatherer.follow({{universe.needs(slot, 3), universe.needs(slot, 0, 1)}, {}, {}}, {});
    EXPECT_THAT(setting.gatherer.take_slots(), ElementsAre(slot));
    EXPECT_THAT(setting.gatherer.take_candidates(), IsEmpty());
}

TEST(Gather, LooksFurtherAheadEachTime) {
    Setting setting;
    FakeUniverse& universe = setting.universe;
    const SlotId slot = universe.add_slot("x", 100);
    const SolveRequest request{{universe.needs(slot, 0, 90)}, {}, {}};
    setting.gatherer.follow(request, {});
    EXPECT_THAT(setting.gatherer.take_candidates(), ElementsAre(universe.at(slot, 90)));
    EXPECT_FALSE(setting.gatherer.learn(request, {{slot, universe.at(slot, 90)}}));
    std::vector<std::size_t> counts;
    for (const std::size_t rank : {80U, 70U, 60U}) {
        EXPECT_TRUE(setting.gatherer.learn(request, {{slot, universe.at(slot, rank)}}));
        const std::vector<CandidateId> learned = setting.gatherer.take_candidates();
        EXPECT_EQ(learned.at(0), universe.at(slot, rank));
        EXPECT_EQ(learned.at(1), universe.at(slot, rank - 1)) << "the next-best first";
        counts.push_back(learned.size());
    }
    EXPECT_THAT(counts, ElementsAre(4U, 8U, 16U));
}

TEST(Gather, LearnsSlotsThatMoveTogetherAtOnce) {
    Setting setting;
    FakeUniverse& universe = setting.universe;
    const SlotId app = universe.add_slot("app", 200);
    const SlotId core = universe.add_slot("core", 200);
    for (std::size_t rank = 0; rank < 200; ++rank) {
        universe.depend(universe.at(app, rank), universe.needs(core, rank, rank));
    }
    const SolveRequest request{{universe.needs(app, 0)}, {}, {}};
    setting.gatherer.follow(request, {});
    const auto choose = [&](std::size_t app_rank, std::size_t core_rank) {
        return Choices{{app, universe.at(app, app_rank)}, {core, universe.at(core, core_rank)}};
    };
    for (std::size_t rank = 190; rank > 160; rank -= 10) {
        setting.gatherer.learn(request, choose(rank, 199));
        setting.gatherer.learn(request, choose(199, rank - 5));
    }
    ASSERT_FALSE(universe.is_described(universe.at(app, 154)));
    ASSERT_FALSE(universe.is_described(universe.at(core, 130)));
    setting.gatherer.learn(request, choose(154, 199));
    EXPECT_TRUE(universe.is_described(universe.at(core, 130))) << "app 155 asks for core 155";
    ASSERT_TRUE(universe.is_described(universe.at(app, 124)));
    ASSERT_FALSE(universe.is_described(universe.at(app, 100)));
    setting.gatherer.learn(request, choose(124, 120));
    EXPECT_TRUE(universe.is_described(universe.at(app, 100))) << "app 124 asks for core";
}

TEST(Gather, TakesUpWhatTheUniverseKnowsWithoutAQuestion) {
    FakeUniverse universe(FakeUniverse::Metadata::known);
    SolveStatistics statistics;
    Gatherer gatherer(universe, {}, statistics);
    const SlotId slot = universe.add_slot("x", 2);
    gatherer.follow({{universe.needs(slot, 0)}, {}, {}}, {});
    EXPECT_TRUE(gatherer.known().candidates.contains(universe.at(slot, 1)));
    EXPECT_EQ(statistics.batches, 0);
    EXPECT_EQ(universe.list_batches + universe.describe_batches, 0);
}

TEST(Gather, AsksNothingOnceItIsStopped) {
    Setting setting;
    const SlotId slot = setting.universe.add_slot("x", 2);
    setting.stop.request_stop();
    EXPECT_THROW(setting.gatherer.follow({{setting.universe.needs(slot, 0)}, {}, {}}, {}), Error);
    EXPECT_EQ(setting.universe.list_batches, 0);
}

} // namespace envpm::solver
