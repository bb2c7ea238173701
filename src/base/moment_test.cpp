#include "base/moment.h"

#include <gtest/gtest.h>

#include <map>

namespace envpm {
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
          "2026-11-01T12:60:00Z", "2026-11-01T12:00:61Z", "2026-11-01T00:00:00",
          "2026-11-01T12:00Z", "2026-11-01T", "2026-11-01T00:00:00.Z",
          "2026-11-01T12:00:00.1234567890Z", "2026-11-01T00:00:00Zx", "26-11-01T00:00:00Z",
          "2026-11-01T00:00:00+0100", "2026-11-01T12:00:00+1", "2026-11-01T12:00:00+24:00",
          "2026-11-01Z"}) {
        EXPECT_EQ(parse_moment(text), std::nullopt) << text;
        EXPECT_TRUE(text == std::string_view("2026-11-01") || !normal_time(text)) << text;
    }
}

TEST(Moment, OfADateIsItsLast) {
    EXPECT_LT(parse_moment("2026-11-01T23:59:59.999Z"), last_moment("2026-11-01"));
    EXPECT_GT(parse_moment("2026-11-02T00:00:00Z"), last_moment("2026-11-01"));
    EXPECT_EQ(last_moment("2026-11-01T00:00:00Z"), parse_moment("2026-11-01T00:00:00Z"));
    EXPECT_EQ(last_moment("tomorrow"), std::nullopt);
}

TEST(Moment, IsWrittenInCapitals) {
    const std::map<std::string, std::string> cases = {
        {"2026-11-01", "2026-11-01"},
        {"2024-02-29", "2024-02-29"},
        {"2026-11-01T12:00:00Z", "2026-11-01T12:00:00Z"},
        {"2026-11-01t12:00:00z", "2026-11-01T12:00:00Z"},
        {"2026-11-01 12:00:00+01:00", "2026-11-01T12:00:00+01:00"},
        {"2016-12-31T23:59:60Z", "2016-12-31T23:59:60Z"},
        {"2026-11-01T12:00:00.123456789-08:30", "2026-11-01T12:00:00.123456789-08:30"},
    };
    for (const auto& [text, normal] : cases) {
        EXPECT_EQ(normal_time(text), normal) << text;
    }
}

TEST(Moment, MayBeADateThatExists) {
    for (const char* text : {"2026", "2026-11", "2026-11-1", "2026-13-01", "2026-11-31",
                             "2025-02-29", "26-11-01", " 2026-11-01", "2026-11-01 ", "+026-11-01",
                             "last week", "2026/11/01", "2026-00-01", "2026-11-00"}) {
        EXPECT_EQ(normal_time(text), std::nullopt) << text;
    }
}

TEST(Moment, IsToldInUtcToTheSecond) {
    EXPECT_EQ(to_rfc3339(std::chrono::system_clock::time_point(std::chrono::seconds(951782400))),
              "2000-02-29T00:00:00Z");
}

} // namespace
} // namespace envpm
