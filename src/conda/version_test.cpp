#include "conda/version.h"

#include "conda/version_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <unordered_set>

namespace envpm::conda {
namespace {

Version version(std::string_view text) {
    const std::optional<Version> version = Version::parse(text);
    EXPECT_TRUE(version) << text;
    return version ? *version : *Version::parse("0");
}

/// CEP 33's list and that of conda's documentation, one line for each step up; what stands on one
/// line is equal.
const std::vector<std::vector<std::string>>& rising_versions() {
    static const std::vector<std::vector<std::string>> versions{
        {"a", "0a"},
        {"0.a"},
        {"0", "0.0", "0!0", "0+0"},
        {"0.4", "0.4.0"},
        {"0.4.1.rc", "0.4.1.RC"},
        {"0.4.1+local"},
        {"0.4.1+0.local"},
        {"0.4.1", "0.4.1+0"},
        {"0.4.1+1.local"},
        {"0.5a1"},
        {"0.5b3"},
        {"0.5C1", "0.5c1"},
        {"0.5"},
        {"0.9.6"},
        {"0.960923"},
        {"1.0"},
        {"1.post", "1.0post"},
        {"1.1dev1"},
        {"1.1_"},
        {"1.1a1"},
        {"1.1.0dev1", "1.1.dev1"},
        {"1.1.a1", "1.1.0a1"},
        {"1.1.0rc1"},
        {"1.1.0.0", "1.1.0", "1.1"},
        {"1.1.post1", "1.1.0post1", "1.1_post1"},
        {"1.1post1"},
        {"1.2.0.0.a"},
        {"1.2"},
        {"1.2.0.0.1"},
        {"1.99"},
        {"1.100"},
        {"1.101"},
        {"1.102"},
        {"1.255"},
        {"1.256"},
        {"1.65536"},
        {"1.999999999999999999"},
        {"1.1000000000000000000"},
        {"1.99999999999999999999"},
        {"1.100000000000000000000", "1.000100000000000000000000"},
        {"1996.07.12", "1996.7.12", "1996_07_12", "1996-07-12"},
        {"1!0.4.1"},
        {"1!3.1.1.6"},
        {"2!0.4.1"},
    };
    return versions;
}

TEST(CondaVersion, HasTheOrderOfCep33) {
    const std::vector<std::vector<std::string>>& rising = rising_versions();
    for (std::size_t i = 0; i < rising.size(); ++i) {
        for (std::size_t j = 0; j < rising.size(); ++j) {
            for (const std::string& left : rising[i]) {
                for (const std::string& right : rising[j]) {
                    EXPECT_EQ(version(left) <=> version(right), i <=> j) << left << ' ' << right;
                    EXPECT_EQ(version(left) == version(right), i == j) << left << ' ' << right;
                }
            }
        }
    }
}

TEST(CondaVersion, CountsInLettersBehindATrailingUnderscore) {
    const std::vector<std::string> openssl{"1.0.1dev", "1.0.1_",      "1.0.1a", "1.0.1b",
                                           "1.0.1c",   "1.0.1post.a", "1.0.2_", "1.0.2"};
    for (std::size_t i = 1; i < openssl.size(); ++i) {
        EXPECT_LT(version(openssl[i - 1]), version(openssl[i])) << openssl[i];
    }
    EXPECT_EQ(version("1.0.1-"), version("1.0.1_"));
    EXPECT_LT(version("1.0.1a"), version("1.0.1a_"));
    EXPECT_LT(version("1__"), version("1"));
    EXPECT_LT(version("_"), version("a"));
}

TEST(CondaVersion, KeepsItsText) {
    EXPECT_EQ(version(" 1.0-RC \n").text(), "1.0-RC");
}

TEST(CondaVersion, IsNothingForWhatCondaRefuses) {
    const std::vector<std::string> texts{"",       " ",         ".",
                                         "1.",     ".1",        "1..2",
                                         "1._2",   "1_.2",      "1.2.",
                                         "!",      "1!",        "!1",
                                         "1!2!3",  "a!1",       "1.0!1",
                                         "-1!2",   "1+2!3",     "1!+2",
                                         "+",      "+1",        "1+",
                                         "1+2+3",  "1+a_",      "1+.a",
                                         "1+a..b", "1-2_3",     "1_2-",
                                         "1 2",    "1,2",       "1*",
                                         "1.*",    "*",         "1~2",
                                         "1/2",    "1=2",       "1@2",
                                         "1\t2",   "1\xc3\xa9", std::string("1\0", 2),
                                         "1[2]",   "1(2)",      "1|2",
                                         "1^2",    "$1",        "1:2"};
    for (const std::string& text : texts) {
        EXPECT_FALSE(Version::parse(text)) << text;
    }
}

TEST(CondaVersion, IsShorterThanAPage) {
    EXPECT_TRUE(Version::parse(std::string(256, '1')));
    EXPECT_FALSE(Version::parse(std::string(257, '1')));
    std::string words = "a";
    while (words.size() < 254) {
        words += ".a";
    }
    EXPECT_TRUE(Version::parse(words));
}

TEST(CondaVersion, IsFoundInAHashTable) {
    const std::unordered_set<Version> versions{version("1.0"), version("1.0rc")};
    EXPECT_TRUE(versions.contains(version("1")));
    EXPECT_FALSE(versions.contains(version("1.0.rc")));
}

struct Beginning {
    std::string prefix;
    std::vector<std::string> matched;
    std::vector<std::string> others;
};

TEST(CondaVersion, StartsWithAPrefixAsCondaSays) {
    const std::vector<Beginning> cases{
        {"1", {"1", "1.0", "1.2", "1a", "1.a", "1post", "1+5"}, {"0", "2", "10", "1!1", "v1"}},
        {"1.2", {"1.2", "1.2.3", "1.2rc1", "1.2_", "1.2.dev1"}, {"1.20", "1", "1.3", "1.1.2"}},
        {"1.0", {"1", "1.0", "1.0.5", "1.0a1", "1.a", "1.post"}, {"1.1", "1a", "2", "0.1.0"}},
        {"1.0.0", {"1", "1.0.0.7", "1.0.a"}, {"1.0.1", "1.1", "1.a"}},
        {"1.2a", {"1.2a", "1.2a5", "1.2alpha.3", "1.2a_"}, {"1.2", "1.2b", "1.2.a", "1.2post"}},
        {"1.2a1", {"1.2a1", "1.2a1.4", "1.2a1b"}, {"1.2a10", "1.2a", "1.2alpha1"}},
        {"1.2_", {"1.2_"}, {"1.2", "1.2a", "1.2.a"}},
        {"1.dev", {"1.dev", "1.dev3", "1.0dev"}, {"1.0.dev", "1.devel", "1.d", "1.0"}},
        {"1.d", {"1.d", "1.devel"}, {"1.dev"}},
        {"1.post", {"1.post", "1.post3", "1.0post"}, {"1.postfix", "1.p", "1", "1.9"}},
        {"1.p", {"1.p", "1.postfix"}, {"1.post"}},
        {"1.rc", {"1.rc", "1.RC2", "1.0rc", "1.rcx"}, {"1.r", "1.ra", "1.rd", "1.s"}},
        {"1.z", {"1.z", "1.zz"}, {"1.y", "1"}},
        {"1!2", {"1!2", "1!2.3"}, {"2", "1!1", "1.2"}},
        {"1.2+3", {"1.2+3", "1.2+3.4", "1.2.0+3"}, {"1.2", "1.2.1+3", "1.2+4", "1.2+30"}},
        {"1.2+a", {"1.2+abc", "1.2+a.b"}, {"1.2", "1.2+b"}},
        {"1.2+0", {"1.2", "1.2+0.3", "1.2+a"}, {"1.2.1", "1.2+1"}},
        {"2024", {"2024.1", "2024"}, {"20241", "202"}},
    };
    for (const Beginning& check : cases) {
        for (const std::string& text : check.matched) {
            EXPECT_TRUE(version(text).starts_with(version(check.prefix)))
                << check.prefix << ' ' << text;
        }
        for (const std::string& text : check.others) {
            EXPECT_FALSE(version(text).starts_with(version(check.prefix)))
                << check.prefix << ' ' << text;
        }
    }
}

TEST(CondaVersion, IsCompatibleWithWhatBeginsAlikeAndIsNotLower) {
    const std::vector<Beginning> cases{
        {"1.2.3", {"1.2.3", "1.2.10", "1.2.3post"}, {"1.2.2", "1.3", "1.2", "1.2.3rc"}},
        {"1.2", {"1.2", "1.9", "1.2.1"}, {"1.1", "2", "1.2a"}},
        {"1.2_3", {"1.2.3", "1.2.9"}, {"1.2.2", "1.3"}},
        {"1!1.2", {"1!1.3"}, {"1!2", "1.3"}},
        {"1", {}, {"1", "1.1"}},
        {"1!2", {}, {"1!2", "2"}},
    };
    for (const Beginning& check : cases) {
        const std::optional<VersionRange> range = versions_compatible_with(check.prefix);
        EXPECT_EQ(range.has_value(), !check.matched.empty()) << check.prefix;
        for (const std::string& text : check.matched) {
            EXPECT_TRUE(range && range->contains(version(text).key()))
                << check.prefix << ' ' << text;
        }
        for (const std::string& text : check.others) {
            EXPECT_FALSE(range && range->contains(version(text).key()))
                << check.prefix << ' ' << text;
        }
    }
}

} // namespace
} // namespace envpm::conda
