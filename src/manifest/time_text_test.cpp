#include "manifest/time_text.h"

#include <gtest/gtest.h>

#include <map>

namespace envpm::manifest {
namespace {

TEST(TimeText, TakesDatesAndTimesWithAnOffset) {
    const std::map<std::string, std::string> cases = {
        {"2026-11-01", "2026-11-01"},
        {"2024-02-29", "2024-02-29"},
        {"2026-11-01T12:00:00Z", "2026-11-01T12:00:00Z"},
        {"2026-11-01t12:00:00z", "2026-11-01T12:00:00Z"},
        {"2026-11-01 12:00:00+01:00", "2026-11-01T12:00:00+01:00"},
        {"2016-12-31T23:59:60Z", "2016-12-31T23:59:60Z"},
        {"2026-11-01T12:00:00.123456-08:30", "2026-11-01T12:00:00.123456-08:30"},
    };
    for (const auto& [text, normal] : cases) {
        EXPECT_EQ(read_time(text), normal) << text;
    }
}

TEST(TimeText, RefusesEverythingElse) {
    for (const char* text : {"",
                             "2026",
                             "2026-11",
                             "2026-11-1",
                             "2026-13-01",
                             "2026-11-31",
                             "2025-02-29",
                             "26-11-01",
                             "2026-11-01T",
                             "2026-11-01T12:00:00",
                             "2026-11-01T12:00Z",
                             "2026-11-01T24:00:00Z",
                             "2026-11-01T12:60:00Z",
                             "2026-11-01T12:00:61Z",
                             "2026-11-01T12:00:00.Z",
                             "2026-11-01T12:00:00.1234567890Z",
                             "2026-11-01T12:00:00+1",
                             "2026-11-01T12:00:00+24:00",
                             "2026-11-01Z",
                             "2026-11-01T12:00:00Zx",
                             " 2026-11-01",
                             "2026-11-01 ",
                             "+026-11-01",
                             "last week",
                             "2026/11/01",
                             "2026-00-01",
                             "2026-11-00"}) {
        EXPECT_EQ(read_time(text), std::nullopt) << text;
    }
}

} // namespace
} // namespace envpm::manifest
