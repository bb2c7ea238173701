#include "fetch/schedule.h"

#include <utility>

namespace envpm::fetch {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

constexpr std::uint64_t no_limit = ~std::uint64_t{0};

/// What was chosen, as one number: an index, -1 to wait, -2 for none.
int choice_of(const std::vector<Mirror>& mirrors, Clock::time_point now,
              std::uint64_t present = 0) {
    const MirrorChoice choice = choose_mirror(mirrors, {now, present});
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

TEST_F(ThreeMirrors, APauseAndAFullHostArePassedOver) {
    mirrors[0].retry_at = now + seconds(5);
    EXPECT_EQ(choice_of(mirrors, now), 1);
    mirrors[1].host->in_flight = 2;
    EXPECT_EQ(choice_of(mirrors, now), 2);
    mirrors[2].host->in_flight = 2;
    EXPECT_EQ(choice_of(mirrors, now), -1);
    EXPECT_EQ(choice_of(mirrors, now + seconds(5)), 0);
}

TEST_F(ThreeMirrors, SendMoreSmallFilesWhereThoseShareAConnection) {
    const auto small_choice = [&] {
        ChoiceRules rules{now};
        rules.is_small = true;
        const MirrorChoice choice = choose_mirror(mirrors, rules);
        const auto* const use = std::get_if<UseMirror>(&choice);
        return use == nullptr ? -1 : static_cast<int>(use->index);
    };
    Host& host = *mirrors[0].host;
    host.in_flight = 2;
    EXPECT_EQ(small_choice(), 1) << "nobody knows that they could";
    host.multiplexes = true;
    EXPECT_EQ(small_choice(), 0);
    EXPECT_EQ(choice_of(mirrors, now), 1) << "other files have a connection each";
    host.small_in_flight = 4;
    EXPECT_EQ(small_choice(), 1);
    for (int come = 0; come < 100; ++come) {
        grow_small(host, now);
    }
    EXPECT_EQ(small_choice(), 0);
    host.small_in_flight = most_small_files;
    EXPECT_EQ(small_choice(), 1);
    host.small_in_flight = 0;
    shrink(host, Load::refused, now);
    EXPECT_EQ(small_choice(), 1) << "a host that refused some is asked for one at a time";
}

TEST_F(ThreeMirrors, WaitsForTheFirstThatMayBeAskedAgain) {
    mirrors[0].host->parked_until = now + seconds(60);
    mirrors[1].retry_at = now + seconds(4);
    mirrors[2].trust = Trust::barred;
    const auto wait = std::get<WaitForMirror>(choose_mirror(mirrors, {now}));
    EXPECT_EQ(wait.until, now + seconds(4));
}

TEST_F(ThreeMirrors, NobodyIsSuspectedForWantOfAConnection) {
    mirrors[0].trust = mirrors[1].trust = Trust::suspect;
    mirrors[2].host->in_flight = 2;
    EXPECT_EQ(choice_of(mirrors, now), -1);
    mirrors[2].retry_at = now + seconds(1);
    EXPECT_EQ(choice_of(mirrors, now), 0) << "a pause may last";
}

TEST_F(ThreeMirrors, OneThatIsMuchSlowerIsPassedOver) {
    mirrors[0].host->bytes_per_second = 3e5;
    EXPECT_EQ(choice_of(mirrors, now), 0) << "the others may be as slow";
    mirrors[1].host->remembered_bytes_per_second = 1e6;
    EXPECT_EQ(choice_of(mirrors, now), 0) << "the order is the user's";
    mirrors[1].host->remembered_bytes_per_second = 2e6;
    EXPECT_EQ(choice_of(mirrors, now), 1);
}

TEST_F(ThreeMirrors, AHostThatLiedTwiceIsAskedNoMore) {
    mirrors[0].host->poisonings = 1;
    EXPECT_EQ(choice_of(mirrors, now), 0);
    mirrors[0].host->poisonings = 2;
    EXPECT_EQ(choice_of(mirrors, now), 1);
}

TEST_F(ThreeMirrors, WhatIsSpreadGoesToTheLeastBusyAndThenTheFastest) {
    mirrors[1].host->bytes_per_second = 2e6;
    mirrors[2].host->bytes_per_second = 1e6;
    const auto next = [&] {
        const MirrorChoice choice = choose_mirror(mirrors, {now, 0, ChoiceRules::Spread::yes});
        const std::size_t index = std::get<UseMirror>(choice).index;
        ++mirrors[index].host->in_flight;
        return index;
    };
    EXPECT_EQ(next(), 1U);
    EXPECT_EQ(next(), 2U);
    EXPECT_EQ(next(), 0U);
    EXPECT_EQ(next(), 1U);
}

TEST_F(ThreeMirrors, TwoTagsOfAMirrorMakeThemUseless) {
    take_entity_tag(mirrors[0], "W/\"weak\"");
    take_entity_tag(mirrors[0], "");
    EXPECT_EQ(mirrors[0].entity_tag, "");
    take_entity_tag(mirrors[0], "\"a\"");
    take_entity_tag(mirrors[0], "\"a\"");
    EXPECT_TRUE(mirrors[0].keeps_tag);
    take_entity_tag(mirrors[0], "\"b\"");
    EXPECT_FALSE(mirrors[0].keeps_tag);
    EXPECT_TRUE(std::exchange(mirrors[0].has_changed, false));
    take_entity_tag(mirrors[0], "\"a\"");
    EXPECT_FALSE(mirrors[0].has_changed) << "excused once";
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

TEST_F(ThreeMirrors, OneThatForbidsAPartIsAskedForTheWhole) {
    const Failure forbidden{FailureClass::absent, "403", std::nullopt, Load::refused};
    take_failure(mirrors[0], forbidden, AskedFor::part, now, seconds(0));
    EXPECT_FALSE(mirrors[0].can_ranges);
    EXPECT_EQ(mirrors[0].trust, Trust::full);
    EXPECT_EQ(mirrors[0].host->most, 1);
    take_failure(mirrors[0], forbidden, AskedFor::whole, now, seconds(0));
    EXPECT_EQ(mirrors[0].trust, Trust::barred);
    mirrors[2].host->is_university_mirror = true;
    for (int part = 0; part < 3; ++part) {
        take_failure(mirrors[2], forbidden, AskedFor::part, now, seconds(0));
    }
    EXPECT_EQ(mirrors[2].host->refusals, 0) << "it is no word about us";
    Failure long_rest = forbidden;
    long_rest.retry_after = seconds(86'400);
    take_failure(mirrors[1], long_rest, AskedFor::part, now, seconds(0));
    EXPECT_TRUE(is_barred(mirrors[1]));
}

TEST_F(ThreeMirrors, ABusyHostGetsOneTransferUntilItServesAgain) {
    take_failure(mirrors[0], {FailureClass::transient, "busy", seconds(9)}, AskedFor::part, now,
                 seconds(0));
    EXPECT_EQ(mirrors[0].host->parked_until, now + seconds(9));
    EXPECT_EQ(mirrors[0].host->most, 1);
    take_success(mirrors[0], now);
    EXPECT_EQ(mirrors[0].host->most, 1);
    take_success(mirrors[0], now + seconds(33));
    take_success(mirrors[0], now + seconds(39));
    EXPECT_EQ(mirrors[0].host->most, 2) << "no more than the limit";
    EXPECT_EQ(mirrors[0].host->failures, 0);
}

TEST_F(ThreeMirrors, AShortRetryAfterDoesNotEndALongerOne) {
    for (const seconds wait : {seconds(60), seconds(1)}) {
        take_failure(mirrors[0], {FailureClass::transient, "busy", wait}, AskedFor::part, now,
                     seconds(0));
    }
    EXPECT_EQ(mirrors[0].host->parked_until, now + seconds(60));
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

TEST(Files, ThoseThatMissNothingComeLast) {
    const std::vector<OpenFile> files = {{90 * mebibyte, false, 1, true}, {5, true, 0, true}};
    EXPECT_THAT(order_files(files), ElementsAre(1, 0));
}

TEST(Files, APieceIsWhatAHostSendsInTwoSeconds) {
    Host host;
    host.remembered_bytes_per_second = 1e9;
    EXPECT_EQ(piece_of_host(host), mebibyte);
    host.bytes_per_second = 4.3 * mebibyte;
    EXPECT_EQ(piece_of_host(host), mebibyte);
    host.received_bytes = mebibyte;
    EXPECT_EQ(piece_of_host(host), 4 * mebibyte);
    host.received_bytes = 90 * mebibyte;
    EXPECT_EQ(piece_of_host(host), 8 * mebibyte);
    host.bytes_per_second = 1e9;
    EXPECT_EQ(piece_of_host(host), 32 * mebibyte);
}

TEST(Files, OnlyLargeOnesAreSplit) {
    EXPECT_EQ(largest_piece(16 * mebibyte - 1), no_limit);
    EXPECT_EQ(largest_piece(16 * mebibyte), 32 * mebibyte);
}

} // namespace
} // namespace envpm::fetch
