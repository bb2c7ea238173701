#include "conda/regex.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// The answers were compared with Python's re.search(text, …, re.IGNORECASE | re.ASCII).

namespace envpm::conda {
namespace {

struct Search {
    std::string regex;
    std::vector<std::string> found;
    std::vector<std::string> others;
};

TEST(CondaRegex, FindsWhatPythonFinds) {
    const std::vector<Search> cases{
        {"^py36_0$", {"py36_0", "PY36_0"}, {"py36_01", "xpy36_0", ""}},
        {"^py.*$", {"py", "py36"}, {"xpy"}},
        {"^1\\.2\\.[0-3]$", {"1.2.0", "1.2.3"}, {"1.2.4", "1x2.0"}},
        {"^a|b$", {"axx", "xxb"}, {"xab.", "xax"}},
        {"^(a|b)+$", {"a", "abba"}, {"", "abc"}},
        {"^(?:ab)?c$", {"c", "abc"}, {"ac", "ababc"}},
        {"^a{2,3}$", {"aa", "aaa"}, {"a", "aaaa"}},
        {"^a{2}$", {"aa"}, {"a", "aaa"}},
        {"^a{2,}$", {"aa", "aaaaa"}, {"a"}},
        {"^a{,2}$", {"", "a", "aa"}, {"aaa"}},
        {"^(a*)*b$", {"b", "aaab"}, {"aaa"}},
        {"^a+?b*?$", {"a", "aab"}, {"b"}},
        {"^[^a-c]$", {"d", "-"}, {"a", "C", "dd"}},
        {"^[]a]$", {"]", "a"}, {"b"}},
        {"^[a-]$", {"a", "-"}, {"b"}},
        {"^[\\d.]+$", {"1.2"}, {"1a"}},
        {"^\\d\\D\\w\\W\\s\\S$",
         {"1a_- x"},
         {"aa_- x", "11_- x", "1a-- x", "1a__ x", "1a_-xx", "1a_-  "}},
        {"b", {"abc"}, {"ac"}},
        {"", {"", "a"}, {}},
        {"^$", {""}, {"a"}},
        {"a^b", {}, {"ab", "a^b"}},
        {"(|a)b", {"b", "ab"}, {"a"}},
        {"a.c", {"abc", "a.c"}, {"ac", "a\nc"}},
        {"^h[0-9a-f]{7}_\\d+$", {"h0123abc_12"}, {"h0123ab_12", "h0123abg_1"}},
    };
    for (const Search& check : cases) {
        const Regex regex = Regex::parse(check.regex);
        EXPECT_EQ(regex.text(), check.regex);
        for (const std::string& text : check.found) {
            EXPECT_TRUE(regex.finds(text)) << check.regex << ' ' << text;
        }
        for (const std::string& text : check.others) {
            EXPECT_FALSE(regex.finds(text)) << check.regex << ' ' << text;
        }
    }
}

TEST(CondaRegex, SaysWhatIsWrong) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"(a", "`(a` is no regular expression that envpm can use: a `)` is missing"},
        {"a)", "a `)` has no `(`"},
        {"[a", "a `]` is missing"},
        {"[^", "a `]` is missing"},
        {"[b-a]", "`b-a` is no range of characters"},
        {"*a", "nothing stands before `*`"},
        {"a**", "a repetition is repeated"},
        {"a{x}", "`{` does not begin a repetition"},
        {"a{,}", "`{` does not begin a repetition"},
        {"a{3,2}", "must rise"},
        {"a{65}", "end at 64"},
        {"(?=a)", "groups that begin with `(?` are not supported"},
        {"(?P<x>a)", "groups that begin with `(?` are not supported"},
        {"(a)\\1", "an escape that is not supported"},
        {"\\bx", "an escape that is not supported"},
        {"a\\", "an escape that is not supported"},
        {"((((a{60}){60}){60}){60})", "it is too large"},
        {std::string(21, '(') + std::string(21, ')'), "too many groups"},
        {std::string(257, 'a'), "257 characters is too long"},
    };
    for (const auto& [text, fault] : cases) {
        try {
            Regex::parse(text);
            ADD_FAILURE() << text;
        } catch (const Error& error) {
            EXPECT_THAT(error.text().what, testing::HasSubstr(fault)) << text;
        }
    }
}

TEST(CondaRegex, TakesTimeThatDoesNotExplode) {
    const Regex regex = Regex::parse("^(a|a|a)*(a|a)*(a*)*c$");
    EXPECT_FALSE(regex.finds(std::string(20'000, 'a')));
}

} // namespace
} // namespace envpm::conda
