#include "fetch/running_range.h"

namespace envpm::fetch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Clock::time_point beginning{seconds(1000)};
constexpr std::uint64_t wanted = 10'000'000;

/// Two megabytes a second, for a second.
RunningRange running() {
    RunningRange range;
    range.rest = {{0, wanted}};
    range.started = beginning;
    for (int tenth = 0; tenth <= 10; ++tenth) {
        range.meter.add(beginning + tenth * milliseconds(100), 200'000);
    }
    return range;
}

TEST(RunningRange, HasTheRateOfItsHostUntilItIsLate) {
    RunningRange range;
    range.started = beginning;
    Host host;
    EXPECT_EQ(range.rate(host, beginning + seconds(1)), guessed_bytes_per_second);
    host.bytes_per_second = 5e6;
    host.measured_at = beginning;
    EXPECT_EQ(range.rate(host, beginning + seconds(1)), 5e6);
    EXPECT_EQ(range.rate(host, beginning + seconds(6)), 0);
    host.first_byte_after = seconds(4);
    EXPECT_EQ(range.rate(host, beginning + seconds(6)), 5e6) << "such hosts take their time";
}

TEST(RunningRange, IsJudgedByItsOwnRateThenAndByItsSilence) {
    const RunningRange range = running();
    const Host host;
    const Clock::time_point end = beginning + seconds(1);
    EXPECT_NEAR(range.rate(host, end), 2e6, 3e5);
    EXPECT_FALSE(range.is_pausing(host, end));
    EXPECT_EQ(range.silent_for(end + seconds(2)), seconds(2));
    EXPECT_TRUE(range.is_pausing(host, end + pause_limit(host)));
    EXPECT_EQ(range.rate(host, end + silence_limit(host)), 0);
}

TEST(RunningRange, IsNotSilentWhileWeAreSlow) {
    RunningRange range = running();
    range.is_paused = true;
    const Host host;
    const Clock::time_point later = beginning + seconds(100);
    EXPECT_EQ(range.silent_for(later), Clock::duration());
    EXPECT_FALSE(range.is_pausing(host, later));
    EXPECT_GT(range.rate(host, later), 0);
}

TEST(RunningRange, InDoubtTakesTheSameSilenceOnceMore) {
    const RunningRange range = running();
    const Host host;
    const Clock::time_point end = beginning + seconds(1);
    const Clock::time_point later = end + milliseconds(500);
    const double usual = range.rate(host, later);
    ASSERT_GT(usual, 0);
    const double seconds_left = 0.5 + static_cast<double>(wanted) / usual;
    EXPECT_NEAR(range.rate_in_doubt(host, later), static_cast<double>(wanted) / seconds_left, 1);
    EXPECT_EQ(range.rate_in_doubt(host, end + silence_limit(host)), 0);
}

} // namespace
} // namespace envpm::fetch
