#include "base/parse_number.h"

#include <cstdint>

namespace envpm {

namespace {

TEST(ParseNumber, TakesTheWholeTextOrNothing) {
    EXPECT_EQ(parse_number<std::uint64_t>("18446744073709551615"), 18'446'744'073'709'551'615U);
    EXPECT_EQ(parse_number<int>("007"), 7);
    for (const char* const text : {"", " 1", "1 ", "1.", "1x", "+1", "0x1", "one"}) {
        EXPECT_EQ(parse_number<int>(text), std::nullopt) << text;
    }
}

TEST(ParseNumber, TakesNothingThatDoesNotFit) {
    EXPECT_EQ(parse_number<std::uint64_t>("18446744073709551616"), std::nullopt);
    EXPECT_EQ(parse_number<int>("-1"), -1);
    EXPECT_EQ(parse_number<unsigned>("-1"), std::nullopt);
}

} // namespace

} // namespace envpm
