#include "fetch/width.h"

namespace envpm::fetch {
namespace {

using std::chrono::seconds;

constexpr Clock::time_point beginning{seconds(1000)};

/// The width after so many seconds, each transfer up to `useful` bringing a megabyte a second.
int width_after(int second_count, std::size_t mirrors, int useful) {
    Width width(mirrors);
    width.think(beginning, 0);
    for (int second = 1; second <= second_count; ++second) {
        const int running = width.allowed();
        const auto bytes = 1'000'000 * static_cast<std::uint64_t>(std::min(running, useful));
        width.received(bytes, beginning + seconds(second));
        width.think(beginning + seconds(second), running);
    }
    return width.allowed();
}

TEST(Width, IsOneForEachMirrorButAtLeastFour) {
    EXPECT_EQ(Width(2).allowed(), 4);
    EXPECT_EQ(Width(6).allowed(), 6);
    EXPECT_EQ(Width(60).allowed(), 8);
}

TEST(Width, GrowsWhileThatHelps) {
    EXPECT_EQ(width_after(2, 3, 8), 5);
    EXPECT_EQ(width_after(20, 3, 8), 8);
}

TEST(Width, TakesBackWhatDidNotHelpAndRests) {
    EXPECT_EQ(width_after(2, 3, 4), 5);
    EXPECT_EQ(width_after(4, 3, 4), 4);
    EXPECT_EQ(width_after(30, 3, 4), 4);
}

TEST(Width, OnlyAFullOneTells) {
    Width width(3);
    width.think(beginning, 0);
    width.think(beginning + seconds(60), 2);
    EXPECT_EQ(width.allowed(), 4);
}

} // namespace
} // namespace envpm::fetch
