#include "pypi/version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

// The tables were made with the Python library `packaging` 26.4: str(Version(text)), sorted().

namespace envpm::pypi {
namespace {

Version version(std::string_view text) {
    const std::optional<Version> version = Version::parse(text);
    EXPECT_TRUE(version) << text;
    return version ? *version : *Version::parse("0");
}

TEST(Version, HasTheNormalFormOfPep440) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"1.0", "1.0"},
        {" v1.0\n", "1.0"},
        {"1.00.01", "1.0.1"},
        {"1!2.0", "1!2.0"},
        {"0!2.0", "2.0"},
        {"1.0a", "1.0a0"},
        {"1.0.ALPHA-2", "1.0a2"},
        {"1.0b3", "1.0b3"},
        {"1.0_beta_4", "1.0b4"},
        {"1.0c1", "1.0rc1"},
        {"1.0-preview.7", "1.0rc7"},
        {"1.0pre", "1.0rc0"},
        {"1.0rc2", "1.0rc2"},
        {"1.0-5", "1.0.post5"},
        {"1.0.post", "1.0.post0"},
        {"1.0post3", "1.0.post3"},
        {"1.0-r4", "1.0.post4"},
        {"1.0.rev_", "1.0.post0"},
        {"1.0dev", "1.0.dev0"},
        {"1.0.dev-6", "1.0.dev6"},
        {"1.0a1.post2.dev3", "1.0a1.post2.dev3"},
        {"1.0a.", "1.0a0"},
        {"1.0a--1", "1.0a0.post1"},
        {"1.0a-1-2.dev", "1.0a1.post2.dev0"},
        {"1.0+CU128", "1.0+cu128"},
        {"1.0+Ubuntu_01-x.007", "1.0+ubuntu.1.x.7"},
        {"1.0.post1+1a", "1.0.post1+1a"},
        {"2024.10.1", "2024.10.1"},
        {"1.2.3.4.5.6", "1.2.3.4.5.6"},
        {"999999999999999999", "999999999999999999"},
    };
    for (const auto& [text, normal] : cases) {
        EXPECT_EQ(version(text).text(), normal) << text;
    }
}

TEST(Version, IsNothingForWhatPep440DoesNotAllow) {
    const std::vector<std::string> texts{"",
                                         "  ",
                                         "v",
                                         "1.",
                                         "1..0",
                                         ".1",
                                         "1.0-",
                                         "1.0a1b1",
                                         "1.0.post1.post2",
                                         "1.0.dev1.dev2",
                                         "1.0.dev1.post1",
                                         "1.0+",
                                         "1.0+a..b",
                                         "1.0+a+b",
                                         "1.0 .1",
                                         "1 !2",
                                         "!1",
                                         "1!",
                                         "1.0x",
                                         "latest",
                                         "1.*",
                                         "1.0al",
                                         "-1",
                                         "1,0",
                                         "1.0+\xc3\xa4",
                                         "\xc2\xb9.0",
                                         "1.0-1-2",
                                         "1.0.post-1-2"};
    for (const std::string& text : texts) {
        EXPECT_FALSE(Version::parse(text)) << text;
    }
}

TEST(Version, KeepsEighteenDigitsExactlyAndRefusesMore) {
    EXPECT_LT(version("999999999999999998"), version("999999999999999999"));
    EXPECT_EQ(version("0000000000000000000000000007").text(), "7");
    for (const char* text :
         {"1000000000000000000", "1000000000000000000!1", "1a1000000000000000000",
          "1.post1000000000000000000", "1+1000000000000000000"}) {
        EXPECT_FALSE(Version::parse(text)) << text;
    }
}

TEST(Version, RefusesATextThatIsTooLong) {
    std::string text = "1";
    while (text.size() < 511) {
        text += ".1";
    }
    EXPECT_TRUE(Version::parse(text));
    EXPECT_FALSE(Version::parse(text + ".1"));
}

TEST(Version, IsOrderedAsPep440Says) {
    const std::vector<std::string> ascending{"0.dev0",
                                             "0.dev1",
                                             "0a1",
                                             "0",
                                             "1.dev0",
                                             "1.dev0+x",
                                             "1.dev1",
                                             "1a0.dev5",
                                             "1a0",
                                             "1a1.dev1",
                                             "1a1",
                                             "1a1+local",
                                             "1a1.post0.dev1",
                                             "1a1.post0",
                                             "1a2",
                                             "1b1",
                                             "1rc1",
                                             "1rc2",
                                             "1rc10",
                                             "1",
                                             "1+abc",
                                             "1+abc.1",
                                             "1+abcdefg",
                                             "1+abcdefgh",
                                             "1+abcdefgh.1",
                                             "1+abcdefghi",
                                             "1+b",
                                             "1+1",
                                             "1+1.abc",
                                             "1+1.1",
                                             "1+9",
                                             "1+10",
                                             "1.post0.dev1",
                                             "1.post0",
                                             "1.post1",
                                             "1.post1+x",
                                             "1.post10",
                                             "1.0.1.dev0",
                                             "1.0.1",
                                             "1.1a1",
                                             "1.1",
                                             "1.9",
                                             "1.10",
                                             "2",
                                             "10",
                                             "999999999999999999",
                                             "1!0.dev0",
                                             "1!0.1",
                                             "2!0"};
    for (std::size_t i = 0; i < ascending.size(); ++i) {
        for (std::size_t j = 0; j < ascending.size(); ++j) {
            EXPECT_EQ(version(ascending[i]) <=> version(ascending[j]), i <=> j)
                << ascending[i] << " and " << ascending[j];
        }
    }
}

TEST(Version, EqualsWhatDiffersOnlyInTrailingZeros) {
    EXPECT_EQ(version("1"), version("1.0.0"));
    EXPECT_EQ(version("0"), version("0.0"));
    EXPECT_EQ(version("1.0rc1+a.1"), version("1-c1+A-01"));
    EXPECT_NE(version("1"), version("1.0.1"));
    EXPECT_NE(version("1"), version("1+0"));
}

TEST(Version, KnowsItsKind) {
    EXPECT_TRUE(version("1.0a1").is_prerelease());
    EXPECT_TRUE(version("1.0.post1.dev1").is_prerelease());
    EXPECT_FALSE(version("1.0.post1").is_prerelease());
    EXPECT_FALSE(version("1.0+dev1").is_prerelease());
}

TEST(Version, SeparatesTheLocalPart) {
    EXPECT_EQ(version("2.9.1+CU128.01").local(), "cu128.1");
    EXPECT_EQ(version("2.9.1rc1+cu128").public_text(), "2.9.1rc1");
    EXPECT_EQ(version("2.9.1").local(), "");
    EXPECT_EQ(version("2.9.1").public_text(), "2.9.1");
}

class RandomVersions {
  public:
    std::string next() {
        std::string text = one_of({"", "", "", "1!", "0!"}) + number();
        while (draw(2) == 0) {
            text += "." + number();
        }
        text += tagged({"", "", "a", "beta", "rc", ".pre-"}) + tagged({"", "", ".post", "-r"});
        return text + tagged({"", "", ".dev"}) + tagged({"", "", "+cu", "+", "+longer.than.8."});
    }

  private:
    std::size_t draw(std::size_t below) {
        return std::uniform_int_distribution<std::size_t>(0, below - 1)(engine_);
    }

    std::string number() { return std::to_string(draw(4) == 0 ? draw(100000) : draw(3)); }

    std::string one_of(const std::vector<std::string>& texts) { return texts[draw(texts.size())]; }

    std::string tagged(const std::vector<std::string>& words) {
        const std::string word = one_of(words);
        return word.empty() ? word : word + number();
    }

    std::mt19937 engine_{20240711};
};

TEST(Version, SurvivesARoundTripThroughItsText) {
    RandomVersions versions;
    for (int i = 0; i < 5000; ++i) {
        const std::string text = versions.next();
        const Version first = version(text);
        const Version second = version(first.text());
        EXPECT_EQ(first, second) << text;
        EXPECT_EQ(first.text(), second.text()) << text;
    }
}

TEST(Version, HasATotalOrder) {
    RandomVersions texts;
    for (int i = 0; i < 5000; ++i) {
        std::vector<Version> three{version(texts.next()), version(texts.next()),
                                   version(texts.next())};
        std::sort(three.begin(), three.end());
        EXPECT_LE(three[0], three[1]);
        EXPECT_LE(three[1], three[2]);
        EXPECT_LE(three[0], three[2]);
        EXPECT_EQ(three[0] <=> three[2], 0 <=> (three[2] <=> three[0]));
    }
}

} // namespace
} // namespace envpm::pypi
