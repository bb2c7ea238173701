#include "pypi/specifier.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// The tables were made with the Python library `packaging` 26.4:
// SpecifierSet(text).contains(Version(v), prereleases=True) and
// bool(SpecifierSet(text).prereleases).

namespace envpm::pypi {
namespace {

const std::vector<std::string>& judged_versions() {
    static const std::vector<std::string> versions{
        "0.9",         "1.0.dev1",  "1.0a1",      "1.0a1+x",   "1.0a1.post1",    "1.0a2",
        "1.0rc1",      "1.0",       "1.0+cpu",    "1.0+cu128", "1.0.post1.dev1", "1.0.post1",
        "1.0.post1+x", "1.0.post2", "1.0.1.dev1", "1.0.1",     "1.1.dev0",       "1.1",
        "1.2",         "2.0.dev1",  "2.0a1",      "2.0",       "1!0.5",          "1!1.0"};
    return versions;
}

/// A '1' for every judged version that the set contains.
std::string verdicts(const SpecifierSet& set) {
    std::string verdicts;
    for (const std::string& text : judged_versions()) {
        verdicts += set.contains(*Version::parse(text)) ? '1' : '0';
    }
    return verdicts;
}

ErrorText error_of(const std::string& text, Reading reading = Reading::strict) {
    try {
        const SpecifierSet set = SpecifierSet::parse(text, reading);
        ADD_FAILURE() << text << " was read as " << set.text();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::failed);
        return error.text();
    }
    return {};
}

void expect_verdicts(const std::vector<std::pair<std::string, std::string>>& cases) {
    for (const auto& [text, expected] : cases) {
        EXPECT_EQ(verdicts(SpecifierSet::parse(text)), expected) << text;
    }
}

TEST(Specifier, ComparesForEqualityAsPep440Says) {
    expect_verdicts({
        {"==1.0", "000000011100000000000000"},
        {"==1", "000000011100000000000000"},
        {"==1.0+cpu", "000000001000000000000000"},
        {"==1.0a1", "001100000000000000000000"},
        {"==1.0a1+x", "000100000000000000000000"},
        {"==1.0.post1", "000000000001100000000000"},
        {"==1.*", "011111111111111111100000"},
        {"==1.0.*", "011111111111111100000000"},
        {"==1!0.*", "000000000000000000000010"},
        {"==1!1", "000000000000000000000001"},
        {"!=1.0", "111111100011111111111111"},
        {"!=1.0+cpu", "111111110111111111111111"},
        {"!=1.0.*", "100000000000000011111111"},
        {"!=1.*", "100000000000000000011111"},
        {"!=1.0.post1", "111111111110011111111111"},
    });
}

TEST(Specifier, OrdersAsPep440Says) {
    expect_verdicts({
        {">=1.0", "000000011111111111111111"},
        {">=1.0a1", "001111111111111111111111"},
        {">=1.0.post1", "000000000001111111111111"},
        {">=1.0.dev1", "011111111111111111111111"},
        {">=1!0", "000000000000000000000011"},
        {"<=1.0", "111111111100000000000000"},
        {"<=1.0a1", "111100000000000000000000"},
        {"<=1.0.post1", "111111111111100000000000"},
        {"<=1.0.dev1", "110000000000000000000000"},
        {">1.0", "000000000000001111111111"},
        {">1.0a1", "000001111111111111111111"},
        {">1.0.dev1", "001111111111111111111111"},
        {">1.0.post1", "000000000000011111111111"},
        {">1.0.post1.dev1", "000000000001111111111111"},
        {">1.0rc1", "000000011111111111111111"},
        {">0.9", "011111111111111111111111"},
        {">2.0.dev0", "000000000000000000011111"},
        {"<1.0", "100000000000000000000000"},
        {"<1.0a1", "110000000000000000000000"},
        {"<1.0a2", "111110000000000000000000"},
        {"<1.0.dev1", "100000000000000000000000"},
        {"<1.0.post1", "111111111100000000000000"},
        {"<1.0.post1.dev1", "111111111100000000000000"},
        {"<1.0.1", "111111111111110000000000"},
        {"<2", "111111111111111111100000"},
        {"<1.1", "111111111111111100000000"},
        {"<0", "000000000000000000000000"},
        {"<1!0", "111111111111111111111100"},
    });
}

TEST(Specifier, ReadsTheRarerOperatorsAndListsAsPep440Says) {
    expect_verdicts({
        {"~=1.0", "000000011111111111100000"},
        {"~=1.0.0", "000000011111111100000000"},
        {"~=1.0.1", "000000000000000100000000"},
        {"~=1.0a1", "001111111111111111100000"},
        {"~=1.0.post1", "000000000001111111100000"},
        {"~=1.0.dev1", "011111111111111111100000"},
        {"~=1!0.1", "000000000000000000000010"},
        {"===1.0", "000000010000000000000000"},
        {"===1.0+CPU", "000000001000000000000000"},
        {"===1.0.0", "000000000000000000000000"},
        {"===foo", "000000000000000000000000"},
        {">=1.0,<2", "000000011111111111100000"},
        {">=1.0,!=1.0.*,<2.0a1", "000000000000000011110000"},
        {"~=1.0,!=1.0.1,!=1.1", "000000011111111010100000"},
        {"==1.*,>1.0", "000000000000001111100000"},
        {"===1.0,<1", "000000000000000000000000"},
        {"!=0.9,!=1.0,>=0", "011111100011111111111111"},
    });
}

TEST(Specifier, MeansTheSameWhenItsNormalFormIsReadAgain) {
    for (const char* text : {" >= 1.0 , <2", ">=1.0 <2", ">=1.0<2", "<2,>=v1.0,,<2,", "<2,>=1.0"}) {
        const SpecifierSet set = SpecifierSet::parse(text);
        EXPECT_EQ(set.text(), "<2, >=1.0") << text;
        EXPECT_EQ(SpecifierSet::parse(set.text()), set) << text;
        EXPECT_EQ(verdicts(set), verdicts(SpecifierSet::parse(">=1.0,<2"))) << text;
    }
    EXPECT_EQ(SpecifierSet::parse("== V1!2.0-RC1+CU_128").text(), "==1!2.0rc1+cu.128");
    EXPECT_EQ(SpecifierSet::parse("!= 1.0.*").text(), "!=1.0.*");
    EXPECT_EQ(SpecifierSet::parse(">1!=2<1!3").text(), "!=2, <1!3, >1");
    EXPECT_NE(SpecifierSet::parse(">=1"), SpecifierSet::parse(">1"));
}

TEST(Specifier, RefusesARawVersionThatLooksLikeAnotherPart) {
    for (const char* text : {"=== ==", "===>1", ">1, === =", "=== ~", "===1;", "===a)b"}) {
        EXPECT_THROW(SpecifierSet::parse(text), Error) << text;
    }
}

TEST(Specifier, IsAnyForNothingAndForAStar) {
    for (const char* text : {"", " ", "*", " * ", ","}) {
        const SpecifierSet set = SpecifierSet::parse(text);
        EXPECT_TRUE(set.is_any()) << text;
        EXPECT_EQ(set.text(), "");
        EXPECT_EQ(verdicts(set), std::string(judged_versions().size(), '1'));
    }
    EXPECT_FALSE(SpecifierSet::parse(">=0").is_any());
}

TEST(Specifier, MatchesACudaBuildOfThePinnedVersion) {
    const Version build = *Version::parse("2.9.1+cu128");
    EXPECT_TRUE(SpecifierSet::parse("==2.9.1").contains(build));
    EXPECT_TRUE(SpecifierSet::parse("~=2.9.0").contains(build));
    EXPECT_FALSE(SpecifierSet::parse("==2.9.1+cu126").contains(build));
    EXPECT_FALSE(SpecifierSet::parse(">2.9.1").contains(build));
}

TEST(Specifier, KnowsWhetherItNamesAPrerelease) {
    const std::vector<std::pair<std::string, bool>> cases{
        {"", false},        {">=1.0", false},   {">=1.0a1", true},      {"<1.0.dev1", true},
        {"!=1.0a1", false}, {"==1.0rc1", true}, {"==1.*", false},       {"~=1.0b1", true},
        {"===1.0a1", true}, {"===foo", false},  {">=1.0,<2.0a1", true}, {"!=1.0a1,>=1", false},
    };
    for (const auto& [text, expected] : cases) {
        EXPECT_EQ(SpecifierSet::parse(text).names_prerelease(), expected) << text;
    }
}

TEST(Specifier, IsAPinIfOneVersionAloneIsAllowed) {
    for (const char* text : {"==1.2", "===1.2", ">=1, ==1.2"}) {
        EXPECT_TRUE(SpecifierSet::parse(text).is_pin()) << text;
    }
    for (const char* text : {"", "==1.2.*", ">=1.2", "~=1.2", "!=1.2"}) {
        EXPECT_FALSE(SpecifierSet::parse(text).is_pin()) << text;
    }
}

TEST(Specifier, ShowsTheRightForm) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"=1.2", "write `==1.2`"},
        {"1.2", "write `==1.2` for exactly that version"},
        {"1.2.*", "write `==1.2.*`"},
        {"^1.2", "write `>=1.2, <2`"},
        {"^0.2.3", "write `>=0.2.3, <0.3`"},
        {"^0", "write `>=0, <1`"},
        {"~1.2.3", "write `~=1.2.3`"},
        {"~1.2", "write `==1.2.*`"},
        {"=>1", "write `>=1`"},
        {"=<1", "write `<=1`"},
        {"<>1", "write `!=1`"},
        {"!1", "write `!=1`"},
        {"~=1", "`~=` needs two numbers at least: write `==1.*`"},
        {">=1.*", "write `>=1`"},
        {">1.2.*", "write `>=1.3`"},
        {"<=1.2.*", "write `<1.3`"},
        {"<1.2.*", "write `<1.2`"},
        {"~=1.2.*", "write `==1.2.*`"},
        {"==1.0a1.*", "`.*` goes behind plain numbers only: write `==1.0.*`"},
        {">=1.0+cu1", "only `==` and `!=` take a local version: write `>=1.0`"},
        {">=", "write a version behind `>=`"},
        {"==*", "write `*` alone for any version"},
        {"latest", "write an operator and a version, such as `>=1.2, <2`, or `*` for any version"},
        {"==1.0+", "write an operator and a version, such as `>=1.2, <2`, or `*` for any version"},
    };
    for (const auto& [text, hint] : cases) {
        const ErrorText error = error_of(text);
        EXPECT_EQ(error.what, "`" + text + "` is no version specifier");
        EXPECT_EQ(error.hint, hint) << text;
    }
}

TEST(Specifier, QuotesOnlyTheFaultyClause) {
    EXPECT_EQ(error_of(">=1.0, =2.0, <3").what, "`=2.0` is no version specifier");
    EXPECT_EQ(error_of(">=1.0 || <3").what, "`||` is no version specifier");
}

TEST(Specifier, HasNoBlankWithinAVersion) {
    for (const char* text : {"1.0 .*", "1.0\t.*", "1 .0", "1.0. *"}) {
        EXPECT_FALSE(SpecifierSet::of_clause("==", text)) << text;
    }
}

TEST(Specifier, TakesAPythonThatCannotBeReadForAny) {
    const auto text_of = [](const char* text) {
        return SpecifierSet::of_requires_python(text).text();
    };
    EXPECT_EQ(text_of(">=3.6.*,<4"), "<4, >=3.6");
    for (const char* text : {"=>3.6", "3.11", "UNKNOWN", "~=3"}) {
        EXPECT_EQ(text_of(text), "") << text;
    }
}

TEST(Specifier, ReadsTheWildcardsOfOldMetadata) {
    const SpecifierSet set = SpecifierSet::parse(">=2.7, !=3.0.*, <4.*", Reading::old_metadata);
    EXPECT_EQ(set.text(), "!=3.0.*, <4, >=2.7");
    EXPECT_EQ(SpecifierSet::parse(">=3.6.*", Reading::old_metadata), SpecifierSet::parse(">=3.6"));
    for (const char* text : {">3.6.*", "~=3.6.*", ">=3.6a1.*", "3.6.*"}) {
        static_cast<void>(error_of(text, Reading::old_metadata));
    }
}

} // namespace
} // namespace envpm::pypi
