#include "base/boxed.h"

#include <gtest/gtest.h>

#include <string>

namespace envpm {
namespace {

TEST(Boxed, IsCopiedAndComparedLikeItsValue) {
    Boxed<std::string> one(std::string("one"));
    Boxed<std::string> copy = one;
    EXPECT_EQ(copy, one);
    *copy += "!";
    EXPECT_EQ(*one, "one");
    EXPECT_FALSE(copy == one);
    one = copy;
    EXPECT_EQ(*one, "one!");
}

TEST(Boxed, ThatWasMovedFromIsCopiedToo) {
    Boxed<std::string> one(std::string("one"));
    const Boxed<std::string> other = std::move(one);
    const Boxed<std::string> copy = one; // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(*other, "one");
    EXPECT_FALSE(copy == other);
}

} // namespace
} // namespace envpm
