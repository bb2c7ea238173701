#include "model/path_pattern.h"

#include <gtest/gtest.h>

namespace envpm {
namespace {

bool matches(std::string_view pattern, std::string_view path) {
    return PathPattern::parse(pattern).value().matches(path);
}

TEST(PathPattern, APathMatchesItselfAndNothingElse) {
    EXPECT_TRUE(matches("share/doc/readme.txt", "share/doc/readme.txt"));
    EXPECT_FALSE(matches("share/doc/readme.txt", "share/doc/readme.txt2"));
    EXPECT_FALSE(matches("share/doc", "share/doc/readme.txt"));
    EXPECT_FALSE(matches("share/doc", "share/do"));
}

TEST(PathPattern, AStarStaysWithinAName) {
    EXPECT_TRUE(matches("share/*.txt", "share/a.txt"));
    EXPECT_TRUE(matches("share/*.txt", "share/.txt"));
    EXPECT_TRUE(matches("share/a*b*c", "share/aXbYbZc"));
    EXPECT_FALSE(matches("share/*.txt", "share/doc/a.txt"));
    EXPECT_FALSE(matches("share/*", "share/doc/a.txt"));
    EXPECT_FALSE(matches("*", "share/a"));
}

TEST(PathPattern, TwoStarsGoOnIntoFolders) {
    EXPECT_TRUE(matches("share/**", "share/doc/a.txt"));
    EXPECT_TRUE(matches("share/**/a.txt", "share/doc/more/a.txt"));
    EXPECT_TRUE(matches("**", "share/doc/a.txt"));
    EXPECT_TRUE(matches("**.txt", "share/doc/a.txt"));
    EXPECT_TRUE(matches("lib/***/x", "lib/a/b/x"));
    EXPECT_FALSE(matches("share/**", "lib/share/a"));
    EXPECT_FALSE(matches("share/**", "share"));
    EXPECT_FALSE(matches("**/a.txt", "share/doc/b.txt"));
}

TEST(PathPattern, ManyStarsTakeNoLonger) {
    std::string pattern;
    for (int i = 0; i < 200; ++i) {
        pattern += "a**/";
    }
    EXPECT_FALSE(matches(pattern + "x", std::string(3000, 'a')));
}

TEST(PathPattern, WhatCanMatchNoPathIsNone) {
    for (const std::string text : {"", "/etc", "../x", "a//b", "a/", "a\nb", "a\\b"}) {
        EXPECT_FALSE(PathPattern::parse(text)) << text;
    }
    EXPECT_FALSE(PathPattern::parse("a/" + std::string(1200, '*')));
}

} // namespace
} // namespace envpm
