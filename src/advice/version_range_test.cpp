#include "advice/version_range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::advice {
namespace {

using testing::ElementsAre;

TEST(VersionRange, ReadsFromTheLowestToTheHighestInWhateverOrderTheyAre) {
    EXPECT_THAT(ascending({"3.13.1", "3.13.0", "3.12.4"}),
                ElementsAre("3.12.4", "3.13.0", "3.13.1"));
    EXPECT_EQ(range_of(ascending({"3.13.1", "3.13.0", "3.12.4"})), "3.12.4 to 3.13.1 (3 releases)");
}

TEST(VersionRange, OrdersAsTheWorldOfTheVersionsDoes) {
    EXPECT_THAT(ascending({"2.10.0+cu128", "2.9.1+cu128", "2.9.1rc1"}),
                ElementsAre("2.9.1rc1", "2.9.1+cu128", "2.10.0+cu128"));
    // `9e` and `2024h` are no versions of PEP 440.
    EXPECT_THAT(ascending({"9e", "9d", "10"}), ElementsAre("9d", "9e", "10"));
}

TEST(VersionRange, HasEachOnce) {
    EXPECT_THAT(ascending({"1.0", "2.0", "1.0"}), ElementsAre("1.0", "2.0"));
    EXPECT_EQ(range_of({"1.0", "2.0"}), "1.0 and 2.0");
    EXPECT_EQ(range_of({"1.0"}), "1.0");
}

TEST(VersionRange, LeavesWhatIsNoVersionAsItCame) {
    EXPECT_THAT(ascending({"wheel!", "cu12", "conda?"}), ElementsAre("wheel!", "cu12", "conda?"));
}

} // namespace
} // namespace envpm::advice
