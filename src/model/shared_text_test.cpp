#include "model/shared_text.h"

#include <gtest/gtest.h>

namespace envpm {
namespace {

TEST(SharedText, IsOneTextInAllCopies) {
    const SharedText text("numpy 2.1.0");
    const SharedText copy = text; // NOLINT(performance-unnecessary-copy-initialization)
    EXPECT_EQ(&copy.string(), &text.string());
    EXPECT_EQ(copy, text);
}

TEST(SharedText, IsComparedByWhatItSays) {
    EXPECT_EQ(SharedText("a 1"), SharedText(std::string("a 1")));
    EXPECT_NE(SharedText("a 1"), SharedText("a 2"));
    EXPECT_EQ(SharedText(), SharedText(""));
    EXPECT_EQ(SharedText().string(), "");
}

} // namespace
} // namespace envpm
