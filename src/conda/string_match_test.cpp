#include "conda/string_match.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::conda {
namespace {

struct MatchCase {
    std::string pattern;
    std::vector<std::string> matched;
    std::vector<std::string> others;
};

TEST(CondaStringMatch, IsExactOrGlobOrRegex) {
    const std::vector<MatchCase> cases{
        {"py36_0", {"py36_0", "PY36_0"}, {"py36_01", "py36_", ""}},
        {"Py36", {"py36", "pY36"}, {"py3"}},
        {"*", {"", "a"}, {}},
        {"py*", {"py", "py36", "PY"}, {"p", "xpy"}},
        {"*_cpu", {"_cpu", "py_CPU"}, {"cpu", "_cpux"}},
        {"*cuda*", {"cuda", "xcudax", "cudcuda"}, {"cud", "cxuda"}},
        {"a*b*c", {"abc", "axbxc", "abbcc", "abcbc"}, {"ac", "acb", "abcx", "xabc"}},
        {"a*a", {"aa", "aba", "aaa"}, {"a", "ab"}},
        {"ab*ba", {"abba", "abxba"}, {"aba", "ab"}},
        {"a**b", {"ab", "axb"}, {"a"}},
        {"a.c*", {"a.cd"}, {"abcd"}},
        {"*aab", {"aaab", "aab"}, {"aaba"}},
        {"*ab*b", {"abb", "abxb", "ababb"}, {"ab", "b"}},
        {"^py.*_1$", {"py_1", "PYx_1"}, {"py_2", "xpy_1"}},
        {"^x", {"^x"}, {"x"}},
        {"x$", {"x$"}, {"x"}},
    };
    for (const MatchCase& check : cases) {
        const StringMatch match = StringMatch::parse(check.pattern);
        for (const std::string& text : check.matched) {
            EXPECT_TRUE(match.matches(text)) << check.pattern << ' ' << text;
        }
        for (const std::string& text : check.others) {
            EXPECT_FALSE(match.matches(text)) << check.pattern << ' ' << text;
        }
    }
}

TEST(CondaStringMatch, TellsTheOnlyTextThatMatches) {
    const StringMatch exact = StringMatch::parse("MIT");
    ASSERT_NE(exact.exact(), nullptr);
    EXPECT_EQ(*exact.exact(), "mit");
    EXPECT_EQ(StringMatch::parse("m*").exact(), nullptr);
    EXPECT_EQ(StringMatch::parse("^mit$").exact(), nullptr);
    EXPECT_TRUE(StringMatch::parse("*").is_any());
    EXPECT_FALSE(exact.is_any());
    EXPECT_EQ(exact, StringMatch::parse("mit"));
    EXPECT_THROW(StringMatch::parse("^($"), Error);
}

} // namespace
} // namespace envpm::conda
