#include "fetch/file_schedule.h"

#include <gtest/gtest.h>

#include <deque>

namespace envpm::fetch {
namespace {

/// Files of one host, which share a connection.
class SmallFiles : public ::testing::Test {
  protected:
    static constexpr int count = 16;
    static constexpr Clock::time_point now{std::chrono::seconds(1000)};

    SmallFiles() {
        host.multiplexes = true;
        host.most_small = count;
        for (int i = 0; i < count; ++i) {
            Mirror mirror;
            mirror.url = "https://a";
            mirror.host = &host;
            FileSchedule& file = files.emplace_back(1000, std::vector{mirror});
            file.begin({});
            orders.push_back(file.next(now).value().id);
        }
    }

    void fail(std::size_t first, std::size_t last, Load load) {
        for (std::size_t i = first; i < last; ++i) {
            FileSchedule::End end;
            end.failure = Failure{FailureClass::transient, "no", std::nullopt, load};
            files[i].ended(orders[i], end, now);
        }
    }

    Hosts hosts{4};
    Host& host = hosts.at("a");
    std::deque<FileSchedule> files;
    std::vector<FileSchedule::Id> orders;
};

TEST_F(SmallFiles, ThatAreRefusedTogetherAreNotManyRefusalsInARow) {
    fail(0, count - 1, Load::refused);
    EXPECT_EQ(host.refusal, "") << "the last one may be served";
    EXPECT_EQ(host.refusals, 0);
    EXPECT_FALSE(has_place_for_file(host, true)) << "one at a time, and that one runs";
    EXPECT_FALSE(has_place_for_page(host));
    fail(count - 1, count, Load::refused);
    EXPECT_EQ(host.refusals, 1);
    EXPECT_TRUE(has_place_for_file(host, true));
}

TEST_F(SmallFiles, AreNoMoreThanStillRunWhereTheHostCouldNotSendMore) {
    constexpr std::size_t run = 6;
    fail(run, count, Load::busy);
    EXPECT_FALSE(has_place_for_file(host, true));
    files[0].ended(orders[0], {}, now);
    EXPECT_EQ(host.most_small, static_cast<int>(run)) << "not again at once";
    EXPECT_TRUE(has_place_for_file(host, true));
    files[1].ended(orders[1], {}, now + std::chrono::seconds(2));
    EXPECT_EQ(host.most_small, static_cast<int>(run) + 1);
    fail(2, run, Load::busy);
    EXPECT_EQ(host.most, 1) << "also of others";
    EXPECT_FALSE(shares_connection(host));
}

TEST(SmallFile, IsCountedByItselfWhereItSharesAConnection) {
    const Clock::time_point now{std::chrono::seconds(1000)};
    for (const bool multiplexes : {false, true}) {
        for (const std::uint64_t size : {small_file_bytes - 1, small_file_bytes}) {
            Hosts hosts(4);
            Host& host = hosts.at("a");
            host.multiplexes = multiplexes;
            Mirror mirror;
            mirror.url = "https://a";
            mirror.host = &host;
            FileSchedule schedule(size, {mirror});
            schedule.begin({});
            const bool shares = multiplexes && size < small_file_bytes;
            EXPECT_EQ(schedule.may_share_connection(), shares);

            const auto order = schedule.next(now);
            ASSERT_TRUE(order);
            EXPECT_EQ(host.small_in_flight, shares ? 1 : 0);
            EXPECT_EQ(host.in_flight, shares ? 0 : 1);
            host.multiplexes = !multiplexes; // what is on its way stays what it was
            const int before = host.most_small;
            schedule.ended(order->id, {}, now);
            EXPECT_EQ(host.small_in_flight, 0);
            EXPECT_EQ(host.in_flight, 0);
            EXPECT_EQ(host.most_small, before + (shares ? 1 : 0));
        }
    }
}

} // namespace
} // namespace envpm::fetch
