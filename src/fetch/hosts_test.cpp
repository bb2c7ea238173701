#include "fetch/hosts.h"

#include <deque>

namespace envpm::fetch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Clock::time_point first_moment{seconds(1000)};

TEST(Hosts, KeepOneStateForEachName) {
    Hosts hosts(3);
    Host& first = hosts.at("a.example.org");
    first.failures = 2;
    EXPECT_EQ(&hosts.at("a.example.org"), &first);
    EXPECT_EQ(hosts.at("b.example.org").failures, 0);
    EXPECT_EQ(hosts.at("b.example.org").most, 3);
}

TEST(Hosts, VolunteersGetTwoTransfers) {
    Hosts hosts(4);
    EXPECT_EQ(hosts.at("pypi.tuna.tsinghua.edu.cn").most, 2);
    EXPECT_EQ(hosts.at("mirrors.ustc.edu.cn:8080").most, 2);
    EXPECT_EQ(hosts.at("nottuna.tsinghua.edu.cn").most, 4);
    EXPECT_EQ(hosts.at("files.example.org").most, 4);
    EXPECT_EQ(Hosts(1).at("mirrors.ustc.edu.cn").most, 1);
}

TEST(Hosts, ARefusalMeansOneTransferAndABusyHostThoseThatStillRun) {
    Host host;
    host.in_flight = 2;
    shrink(host, Load::unknown, first_moment);
    EXPECT_EQ(host.most, 4);
    shrink(host, Load::busy, first_moment);
    EXPECT_EQ(host.most, 2);
    shrink(host, Load::refused, first_moment);
    EXPECT_EQ(host.most, 1);
    Host idle;
    shrink(idle, Load::busy, first_moment);
    EXPECT_EQ(idle.most, 4) << "nothing else ran that could have been too much";
}

TEST(Hosts, PagesAreNoMoreThanStillRunWhereAHostCouldNotSendMore) {
    Host host;
    std::deque<HostPlace> pages;
    while (pages.size() < 48) {
        EXPECT_TRUE(has_place_for_page(host));
        pages.emplace_back(host);
    }
    while (pages.size() > 6) {
        pages.pop_back();
        shrink(host, Load::busy, first_moment);
    }
    EXPECT_FALSE(has_place_for_page(host));
    pages.pop_back();
    grow_pages(host, first_moment);
    EXPECT_TRUE(has_place_for_page(host));
    pages.emplace_back(host);
    EXPECT_FALSE(has_place_for_page(host)) << "not again at once";
    pages.pop_back();
    grow_pages(host, first_moment + seconds(2));
    pages.emplace_back(host);
    EXPECT_TRUE(has_place_for_page(host)) << "one more with each that comes";
    pages.clear();
    shrink(host, Load::busy, first_moment);
    EXPECT_TRUE(has_place_for_page(host)) << "nothing else ran that could have been too much";
}

/// A host of which each transfer up to `useful` brings a megabyte a second.
class GrowingHost : public ::testing::Test {
  protected:
    void serve(int second, int useful) {
        host.step_bytes += 1'000'000 * static_cast<std::uint64_t>(std::min(host.most, useful));
        grow(host, first_moment + seconds(second));
    }

    Host host;
};

TEST_F(GrowingHost, GetsOneTransferMoreEveryTwoSecondsAsLongAsThatHelps) {
    host.most = 1;
    host.step_at = first_moment;
    std::vector<int> most;
    for (int second = 1; second <= 8; ++second) {
        serve(second, 4);
        most.push_back(host.most);
    }
    EXPECT_THAT(most, ::testing::ElementsAre(1, 2, 2, 3, 3, 4, 4, 4));
}

TEST_F(GrowingHost, LosesTheOneThatBroughtNothingAndIsLeftInPeace) {
    host.most = 1;
    host.step_at = first_moment;
    for (int second = 1; second <= 6; ++second) {
        serve(second, 2);
    }
    EXPECT_EQ(host.most, 2);
    for (int second = 7; second <= 30; ++second) {
        serve(second, 2);
        EXPECT_EQ(host.most, 2);
    }
}

TEST(Hosts, GivePagesNoLimitUnlessTheyRefusedSomeOrAreUniversities) {
    Hosts hosts(4);
    Host& host = hosts.at("a.example.org");
    Host& university = hosts.at("mirrors.pku.edu.cn");
    std::deque<HostPlace> places;
    for (int i = 0; i < 4; ++i) {
        EXPECT_TRUE(has_place_for_page(host));
        EXPECT_EQ(has_place_for_page(university), i < 2);
        places.emplace_back(host);
        places.emplace_back(university);
    }
    EXPECT_TRUE(has_place_for_page(host));
    shrink(host, Load::refused, Clock::now());
    EXPECT_FALSE(has_place_for_page(host));
    university.multiplexes = true; // they share a connection
    EXPECT_TRUE(has_place_for_page(university));
    places.clear();
    EXPECT_EQ(host.in_flight, 0);
    EXPECT_TRUE(has_place_for_page(host)) << "one at a time";
}

TEST(Hosts, ThatRefuseTenTimesInARowAreGivenUp) {
    const Failure refusal{FailureClass::transient, "no", std::nullopt, Load::refused};
    Host host;
    host.in_flight = 1;
    for (int i = 0; i < 50; ++i) {
        take_refusal(host, refusal, first_moment, seconds(2));
    }
    EXPECT_EQ(host.parked_until, first_moment + seconds(2));
    EXPECT_EQ(host.refusals, 0) << "the other one may be served";
    host.in_flight = 0;
    for (int i = 0; i < 9; ++i) {
        take_refusal(host, refusal, first_moment, seconds(2));
    }
    EXPECT_EQ(host.refusal, "");
    take_success(host, first_moment);
    EXPECT_EQ(host.refusals, 0);
    for (int i = 0; i < 10; ++i) {
        take_refusal(host, refusal, first_moment, seconds(2));
    }
    EXPECT_EQ(host.refusal, "no");
}

TEST(Hosts, ThatWantALongRestAreGivenUpAtOnce) {
    Host host;
    take_refusal(host, {FailureClass::absent, "404", seconds(301)}, first_moment, {});
    EXPECT_EQ(host.refusal, "") << "it is about that file";
    take_refusal(host, {FailureClass::transient, "503", seconds(300), Load::busy}, first_moment,
                 {});
    EXPECT_EQ(host.refusal, "");
    EXPECT_EQ(host.parked_until, first_moment + seconds(300));
    take_refusal(host, {FailureClass::absent, "503", seconds(301), Load::busy}, first_moment, {});
    EXPECT_EQ(host.refusal, "503");
}

TEST(Hosts, OfUniversitiesThatForbidTwoThingsHaveShutUsOut) {
    const Failure ban{FailureClass::absent, "403", std::nullopt, Load::refused};
    Hosts hosts(4);
    Host& university = hosts.at("mirrors.ustc.edu.cn");
    Host& other = hosts.at("mirror.example.org");
    other.refusals = 5;
    take_refusal(university, ban, first_moment, {});
    EXPECT_EQ(university.refusal, "");
    for (Host* const host : {&university, &other}) {
        take_refusal(*host, ban, first_moment, {});
        EXPECT_LE(host->parked_until, first_moment);
    }
    EXPECT_EQ(university.refusal, "403");
    EXPECT_EQ(other.refusal, "") << "a bucket says so of what it does not have";
}

TEST(Hosts, OfUniversitiesMayBeBusyAndForbidOneThing) {
    const Failure busy{FailureClass::transient, "429", std::nullopt, Load::refused};
    const Failure ban{FailureClass::absent, "403", std::nullopt, Load::refused};
    Hosts hosts(4);
    Host& university = hosts.at("mirrors.ustc.edu.cn");
    for (int i = 0; i < 9; ++i) {
        take_refusal(university, busy, first_moment, {});
    }
    take_refusal(university, ban, first_moment, {});
    EXPECT_EQ(university.refusal, "");
    take_success(university, first_moment);
    take_refusal(university, ban, first_moment, {});
    EXPECT_EQ(university.refusal, "") << "it served since it forbade the first";
    take_refusal(university, ban, first_moment, {});
    EXPECT_EQ(university.refusal, "403");
}

TEST(Hosts, KeepTheUserWaitingInOneLineForAWhile) {
    Host host;
    const Clock::time_point now = Clock::now();
    EXPECT_TRUE(take_turn_to_tell(host, std::chrono::seconds(10), now));
    EXPECT_FALSE(take_turn_to_tell(host, std::chrono::seconds(10), now + std::chrono::seconds(9)));
    EXPECT_TRUE(take_turn_to_tell(host, std::chrono::seconds(10), now + std::chrono::seconds(10)));
}

TEST(Hosts, AreWaitedForTenTimesTheirWorstGap) {
    Host host;
    EXPECT_EQ(stall_limit(host, seconds(10)), seconds(3));
    host.worst_gap = milliseconds(500);
    EXPECT_EQ(stall_limit(host, seconds(10)), seconds(5));
    host.worst_gap = std::chrono::hours(10'000);
    EXPECT_EQ(stall_limit(host, seconds(10)), seconds(10));
    EXPECT_EQ(stall_limit(host, milliseconds(150)), milliseconds(150));
}

TEST(Hosts, AreDoubtedByTenTimesTheirWorstGapAndSilentAfterASecond) {
    Host host;
    EXPECT_EQ(doubt_limit(host), milliseconds(250));
    EXPECT_EQ(silence_limit(host), seconds(1));
    host.worst_gap = milliseconds(60);
    EXPECT_EQ(doubt_limit(host), milliseconds(600));
    EXPECT_EQ(pause_limit(host), milliseconds(250));
    host.worst_gap = seconds(2);
    EXPECT_EQ(pause_limit(host), seconds(4));
    EXPECT_EQ(doubt_limit(host), seconds(4)) << "never later than it counts as silent";
    EXPECT_EQ(silence_limit(host), seconds(4));
    host.worst_gap = std::chrono::hours(10'000);
    EXPECT_EQ(silence_limit(host), seconds(5));
}

TEST(Hosts, RatesForgetAndTheFirstOneCountsWhole) {
    Host host;
    take_rate(host, 1e6, first_moment);
    EXPECT_EQ(host.bytes_per_second, 1e6);
    for (int i = 0; i < 20; ++i) {
        take_rate(host, 2e6, first_moment);
    }
    EXPECT_NEAR(host.bytes_per_second, 2e6, 2e3);
    take_first_byte(host, milliseconds(100));
    take_first_byte(host, milliseconds(500));
    EXPECT_EQ(host.first_byte_after, milliseconds(200));
}

TEST(RateMeter, TellsASampleEachQuarterOfASecondAndFallsInSilence) {
    RateMeter meter;
    EXPECT_EQ(meter.rate(first_moment), std::nullopt);
    for (int i = 0; i <= 100; ++i) {
        meter.add(first_moment + milliseconds(10 * i), 10'000);
    }
    EXPECT_NEAR(meter.rate(first_moment + milliseconds(1000)).value_or(0), 1e6, 4e4);
    EXPECT_LT(meter.rate(first_moment + milliseconds(5000)).value_or(0), 1e4);
    meter.restart(first_moment + milliseconds(5000));
    EXPECT_NEAR(meter.rate(first_moment + milliseconds(5500)).value_or(0), 1e6, 4e4);
}

TEST(RateMeter, AShortTransferIsASampleAtItsEnd) {
    RateMeter meter;
    EXPECT_EQ(meter.finish(first_moment), std::nullopt);
    meter.add(first_moment, 500'000);
    meter.add(first_moment + milliseconds(100), 500'000);
    EXPECT_NEAR(meter.finish(first_moment + milliseconds(100)).value_or(0), 1e7, 1);
    EXPECT_EQ(meter.finish(first_moment + milliseconds(100)), std::nullopt);
}

} // namespace
} // namespace envpm::fetch
