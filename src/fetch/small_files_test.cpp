#include "fetch/file_schedule.h"

#include <gtest/gtest.h>

namespace envpm::fetch {
namespace {

TEST(SmallFiles, AreCountedByThemselvesWhereTheyShareAConnection) {
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
