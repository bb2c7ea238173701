#include "fetch/schedule.h"

#include <random>

namespace envpm::fetch {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

constexpr std::uint64_t no_limit = ~std::uint64_t{0};

/// What was chosen, as one number: an index, -1 to wait, -2 for none.
int choice_of(const std::vector<Mirror>& mirrors, Clock::time_point now,
              std::uint64_t present = 0) {
    const MirrorChoice choice = choose_mirror(mirrors, now, present);
    if (const auto* const use = std::get_if<UseMirror>(&choice)) {
        return static_cast<int>(use->index);
    }
    return std::holds_alternative<WaitForMirror>(choice) ? -1 : -2;
}

class ThreeMirrors : public ::testing::Test {
  protected:
    ThreeMirrors() {
        for (const char* const name : {"a", "b", "c"}) {
            Mirror mirror;
            mirror.host = &hosts.at(name);
            mirrors.push_back(mirror);
        }
    }

    Hosts hosts{2};
    std::vector<Mirror> mirrors;
    Clock::time_point now = Clock::time_point(seconds(1000));
};

TEST(Gaps, AreWhatIsNotPresent) {
    EXPECT_THAT(Gaps(100, {}).pieces(), ElementsAre(Piece{0, 100}));
    EXPECT_THAT(Gaps(100, std::vector<Piece>{{0, 10}, {20, 30}}).pieces(),
                ElementsAre(Piece{10, 10}, Piece{50, 50}));
    EXPECT_TRUE(Gaps(100, std::vector<Piece>{{0, 100}}).empty());
    EXPECT_TRUE(Gaps(0, {}).empty());
}

TEST(Gaps, AreTakenInFileOrderUpToBlockEnds) {
    Gaps gaps(10 * mebibyte, std::vector<Piece>{{0, mebibyte / 2}});
    EXPECT_EQ(gaps.take(4 * mebibyte), (Piece{mebibyte / 2, 7 * mebibyte / 2}));
    EXPECT_EQ(gaps.take(4 * mebibyte), (Piece{4 * mebibyte, 4 * mebibyte}));
    EXPECT_EQ(gaps.take(4 * mebibyte), (Piece{8 * mebibyte, 2 * mebibyte}));
    EXPECT_TRUE(gaps.empty());
}

TEST(Gaps, WhatComesBackJoinsItsNeighbours) {
    Gaps gaps(8 * mebibyte, {});
    const Piece first = gaps.take(2 * mebibyte);
    const Piece second = gaps.take(2 * mebibyte);
    gaps.give_back(first);
    EXPECT_THAT(gaps.pieces(),
                ElementsAre(Piece{0, 2 * mebibyte}, Piece{4 * mebibyte, 4 * mebibyte}));
    gaps.give_back({second.first + 5, second.count - 5});
    gaps.give_back({second.first, 5});
    EXPECT_THAT(gaps.pieces(), ElementsAre(Piece{0, 8 * mebibyte}));
    gaps.give_back({3, 0});
    EXPECT_THAT(gaps.take_all(), ElementsAre(Piece{0, 8 * mebibyte}));
    EXPECT_TRUE(gaps.empty());
}

TEST(Gaps, TakingAndGivingBackLosesNothing) {
    std::mt19937_64 random(7);
    Gaps gaps(64 * mebibyte + 17, {});
    std::vector<Piece> taken;
    for (int i = 0; i < 2000; ++i) {
        if (!gaps.empty() && random() % 2 == 0) {
            taken.push_back(gaps.take((1 + random() % 8) * mebibyte));
        } else if (!taken.empty()) {
            std::swap(taken[random() % taken.size()], taken.back());
            gaps.give_back(taken.back());
            taken.pop_back();
        }
    }
    for (const Piece& piece : taken) {
        gaps.give_back(piece);
    }
    EXPECT_THAT(gaps.pieces(), ElementsAre(Piece{0, 64 * mebibyte + 17}));
}

TEST_F(ThreeMirrors, AreUsedInTheirOrder) {
    EXPECT_EQ(choice_of(mirrors, now), 0);
    mirrors[0].trust = Trust::barred;
    EXPECT_EQ(choice_of(mirrors, now), 1);
}

TEST_F(ThreeMirrors, AFailureMovesTheNextOneUpAndSuccessBringsItBack) {
    mirrors[0].failures = 1;
    EXPECT_EQ(choice_of(mirrors, now), 1);
    mirrors[1].host->failures = 1;
    mirrors[2].failures = 2;
    EXPECT_EQ(choice_of(mirrors, now), 0);
    mirrors[1].host->failures = 0;
    EXPECT_EQ(choice_of(mirrors, now), 1);
}

TEST_F(ThreeMirrors, APauseIsPassedOverAndAFullHostIsWaitedFor) {
    mirrors[0].retry_at = now + seconds(5);
    EXPECT_EQ(choice_of(mirrors, now), 1);
    mirrors[1].host->in_flight = 2;
    EXPECT_EQ(choice_of(mirrors, now), -1);
    EXPECT_EQ(choice_of(mirrors, now + seconds(5)), 0);
}

TEST_F(ThreeMirrors, WaitsForTheFirstThatMayBeAskedAgain) {
    mirrors[0].host->parked_until = now + seconds(60);
    mirrors[1].retry_at = now + seconds(4);
    mirrors[2].trust = Trust::barred;
    const auto wait = std::get<WaitForMirror>(choose_mirror(mirrors, now, 0));
    EXPECT_EQ(wait.until, now + seconds(4));
}

TEST_F(ThreeMirrors, SuspectsComeLastAndBarredOnesNever) {
    mirrors[0].trust = Trust::suspect;
    mirrors[1].failures = 3;
    mirrors[2].trust = Trust::barred;
    EXPECT_EQ(choice_of(mirrors, now), 1);
    mirrors[1].trust = Trust::barred;
    EXPECT_EQ(choice_of(mirrors, now), 0);
    mirrors[0].trust = Trust::barred;
    EXPECT_EQ(choice_of(mirrors, now), -2);
}

TEST_F(ThreeMirrors, WithoutRangesIsAskedLaterOnceMuchIsThere) {
    mirrors[0].can_ranges = false;
    EXPECT_EQ(choice_of(mirrors, now, 8 * mebibyte), 0);
    EXPECT_EQ(choice_of(mirrors, now, 8 * mebibyte + 1), 1);
    mirrors[1].trust = mirrors[2].trust = Trust::barred;
    EXPECT_EQ(choice_of(mirrors, now, 8 * mebibyte + 1), 0);
}

TEST_F(ThreeMirrors, EachFailureHasItsConsequence) {
    const auto fail = [&](std::size_t i, FailureClass kind, AskedFor asked) {
        take_failure(mirrors[i], {kind, "why", std::nullopt}, asked, now, seconds(3));
    };
    fail(0, FailureClass::transient, AskedFor::part);
    EXPECT_EQ(mirrors[0].retry_at, now + seconds(3));
    EXPECT_EQ(mirrors[0].host->failures, 1);
    EXPECT_EQ(mirrors[0].trust, Trust::full);
    fail(0, FailureClass::absent, AskedFor::part);
    EXPECT_EQ(mirrors[0].trust, Trust::barred);
    fail(1, FailureClass::no_ranges, AskedFor::part);
    EXPECT_FALSE(mirrors[1].can_ranges);
    fail(1, FailureClass::no_ranges, AskedFor::part);
    EXPECT_EQ(mirrors[1].trust, Trust::full) << "two parts were on their way";
    fail(1, FailureClass::no_ranges, AskedFor::whole);
    EXPECT_EQ(mirrors[1].trust, Trust::barred);
    EXPECT_FALSE(all_barred(mirrors));
    fail(2, FailureClass::poison, AskedFor::whole);
    EXPECT_TRUE(all_barred(mirrors));
    EXPECT_EQ(mirrors[2].reason, "why");
}

TEST_F(ThreeMirrors, ABusyHostGetsOneTransferUntilItServesAgain) {
    take_failure(mirrors[0], {FailureClass::transient, "busy", seconds(9)}, AskedFor::part, now,
                 seconds(0));
    EXPECT_EQ(mirrors[0].host->parked_until, now + seconds(9));
    EXPECT_EQ(mirrors[0].host->most, 1);
    take_success(mirrors[0]);
    take_success(mirrors[0]);
    EXPECT_EQ(mirrors[0].host->most, 2) << "no more than the limit";
    EXPECT_EQ(mirrors[0].host->failures, 0);
}

TEST(Hosts, KeepOneStateForEachName) {
    Hosts hosts(3);
    Host& first = hosts.at("a.example.org");
    first.failures = 2;
    EXPECT_EQ(&hosts.at("a.example.org"), &first);
    EXPECT_EQ(hosts.at("b.example.org").failures, 0);
    EXPECT_EQ(hosts.at("b.example.org").most, 3);
}

TEST(Gaps, TheEndIsTakenFromAMultipleOnWhenAllOfItIsMissing) {
    const std::uint64_t size = 100 * mebibyte + 7;
    Gaps gaps(size, {});
    EXPECT_EQ(gaps.take_end(size, 3 * mebibyte), (Piece{97 * mebibyte, 3 * mebibyte + 7}));
    EXPECT_THAT(gaps.pieces(), ElementsAre(Piece{0, 97 * mebibyte}));
    EXPECT_EQ(gaps.take_end(size, 3 * mebibyte), std::nullopt);
    Gaps all(mebibyte, {});
    EXPECT_EQ(all.take_end(mebibyte, 3 * mebibyte), (Piece{0, mebibyte}));
    EXPECT_TRUE(all.empty());
    EXPECT_EQ(all.take_end(mebibyte, 1), std::nullopt);
    const std::vector<Piece> present = {{98 * mebibyte, mebibyte}};
    Gaps some(size, present);
    EXPECT_EQ(some.take_end(size, 3 * mebibyte), std::nullopt);
    EXPECT_EQ(some.take_end(size, mebibyte), (Piece{99 * mebibyte, mebibyte + 7}));
}

TEST(Files, LargestIsFirst) {
    const std::vector<OpenFile> files = {{5, true, 0}, {9, true, 0}, {7, true, 0}, {99, false, 0}};
    EXPECT_THAT(order_files(files), ElementsAre(1, 2, 0));
}

TEST(Files, OneSmallOneGoesBesideTheLargeOnes) {
    std::vector<OpenFile> files = {{900 * mebibyte, true, 1},
                                   {2 * mebibyte, true, 0},
                                   {800 * mebibyte, true, 0},
                                   {mebibyte, true, 0}};
    EXPECT_THAT(order_files(files), ElementsAre(1, 0, 2, 3));
    files[3].in_flight = 1;
    EXPECT_THAT(order_files(files), ElementsAre(0, 2, 1, 3));
}

TEST(Files, OnlyLargeOnesAreSplit) {
    EXPECT_EQ(largest_piece(16 * mebibyte - 1), no_limit);
    EXPECT_EQ(largest_piece(16 * mebibyte), 32 * mebibyte);
}

} // namespace
} // namespace envpm::fetch
