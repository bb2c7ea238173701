#include "model/shared_text.h"

#include <gtest/gtest.h>

namespace envpm {
namespace {

TEST(SharedText, is_one_text_in_all_copies) {
    const SharedText text("numpy 2.1.0");
    const SharedText copy = text; // NOLINT(performance-unnecessary-copy-initialization)
    EXPECT_EQ(&copy.string(), &text.string());
    EXPECT_EQ(copy, text);
}

TEST(SharedText, is_compared_by_what_it_says) {
    EXPECT_EQ(SharedText("a 1"), SharedText(std::string("a 1")));
    EXPECT_NE(SharedText("a 1"), SharedText("a 2"));
    EXPECT_EQ(SharedText(), SharedText(""));
    EXPECT_EQ(SharedText().string(), "");
}

} // namespace
} // namespace envpm
