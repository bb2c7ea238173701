#include "cli/argument_values.h"

#include <gtest/gtest.h>

namespace envpm::cli {

namespace {

using std::chrono::seconds;

TEST(ParseTime, TakesANumberAndAUnit) {
    EXPECT_EQ(parse_time("0s"), seconds(0));
    EXPECT_EQ(parse_time("30min"), seconds(1800));
    EXPECT_EQ(parse_time("24h"), seconds(86400));
    EXPECT_EQ(parse_time("7d"), seconds(604800));
    EXPECT_EQ(parse_time("99999999d"), seconds(99999999LL * 86400));
    for (const char* text : {"", "7", "d", "7 d", "-1s", "1.5h", "123456789s", "7D"}) {
        EXPECT_EQ(parse_time(text), std::nullopt) << text;
    }
}

TEST(ParseSize, TakesBytesWithOrWithoutAUnit) {
    EXPECT_EQ(parse_size("0"), 0);
    EXPECT_EQ(parse_size("123456789012"), 123456789012);
    EXPECT_EQ(parse_size("500MB"), 500'000'000);
    EXPECT_EQ(parse_size("10GiB"), 10 * (std::uint64_t{1} << 30U));
    EXPECT_EQ(parse_size("16777215TiB"), 16777215 * (std::uint64_t{1} << 40U));
    for (const char* text : {"", "MB", "5 MB", "-5MB", "5mb", "1.5GB", "1234567890123456789",
                             "16777216TiB", "99999999TB"}) {
        EXPECT_EQ(parse_size(text), std::nullopt) << text;
    }
}

} // namespace

} // namespace envpm::cli
