#include "pypi/moment.h"

#include <gtest/gtest.h>

namespace envpm::pypi {
namespace {

long long microseconds(std::string_view text) {
    return parse_moment(text)->time_since_epoch().count();
}

TEST(Moment, CountsFromTheEpoch) {
    EXPECT_EQ(microseconds("1970-01-01T00:00:00Z"), 0);
    EXPECT_EQ(microseconds("2026-11-01T12:34:56.7891234Z"), 1793536496789123);
    EXPECT_EQ(microseconds("1970-01-01 01:30:00.5+01:30"), 500'000);
    EXPECT_EQ(microseconds("1969-12-31t23:00:00-01:00"), 0);
}

TEST(Moment, IsNothingElse) {
    for (const char* text :
         {"", "2026-11-01", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-01T24:00:00Z",
          "2026-11-01T00:00:00", "2026-11-01T00:00:00.Z", "2026-11-01T00:00:00Zx",
          "2026-11-01T00:60:00Z", "26-11-01T00:00:00Z", "2026-11-01T00:00:00+0100"}) {
        EXPECT_EQ(parse_moment(text), std::nullopt) << text;
    }
}

TEST(Moment, OfADateIsItsLast) {
    EXPECT_LT(parse_moment("2026-11-01T23:59:59.999Z"), last_moment("2026-11-01"));
    EXPECT_GT(parse_moment("2026-11-02T00:00:00Z"), last_moment("2026-11-01"));
    EXPECT_EQ(last_moment("2026-11-01T00:00:00Z"), parse_moment("2026-11-01T00:00:00Z"));
    EXPECT_EQ(last_moment("tomorrow"), std::nullopt);
}

} // namespace
} // namespace envpm::pypi
