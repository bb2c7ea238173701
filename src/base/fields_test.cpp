#include "base/fields.h"

#include <gtest/gtest.h>

namespace envpm {
namespace {

TEST(Fields, AreTakenWithTheirEnd) {
    std::string_view text = "a b\n\nrest";
    EXPECT_EQ(take_until(text, ' '), "a");
    EXPECT_EQ(take_until(text, '\n'), "b");
    EXPECT_EQ(take_until(text, '\n'), "");
    EXPECT_EQ(text, "rest");
}

TEST(Fields, ThatWereCutOffAreNone) {
    std::string_view text = "rest";
    EXPECT_EQ(take_until(text, '\n'), std::nullopt);
    EXPECT_EQ(text, "");
}

} // namespace
} // namespace envpm
