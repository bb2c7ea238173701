#include "conda/version_spec.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::conda {
namespace {

using testing::HasSubstr;

bool matches(const VersionSpec& spec, const std::string& version) {
    const std::optional<Version> parsed = Version::parse(version);
    EXPECT_TRUE(parsed) << version;
    return parsed && spec.matches(*parsed);
}

struct Case {
    std::string spec;
    std::string text; ///< as it is written again
    std::vector<std::string> matched;
    std::vector<std::string> others;
};

void expect(const Case& check, Form form) {
    const VersionSpec spec = VersionSpec::parse(check.spec, form);
    EXPECT_EQ(spec.text(), check.text) << check.spec;
    EXPECT_EQ(VersionSpec::parse(spec.text()), spec) << check.spec;
    for (const std::string& version : check.matched) {
        EXPECT_TRUE(matches(spec, version)) << check.spec << ' ' << version;
    }
    for (const std::string& version : check.others) {
        EXPECT_FALSE(matches(spec, version)) << check.spec << ' ' << version;
    }
}

TEST(CondaVersionSpec, MatchesAsCep29Says) {
    const std::vector<Case> cases{
        {"1.2", "==1.2", {"1.2", "1.2.0"}, {"1.2.1", "1.2rc1", "1.1"}},
        {"==1.2", "==1.2", {"1.2", "1.2.0"}, {"1.2.1", "1.2a"}},
        {"=1.2", "1.2.*", {"1.2", "1.2.3", "1.2rc1"}, {"1.20", "1.3"}},
        {"1.2.*", "1.2.*", {"1.2", "1.2.3", "1.2rc1"}, {"1.20", "1.3"}},
        {"1.2*", "1.2.*", {"1.2", "1.2.3", "1.2rc1"}, {"1.20", "1.3"}},
        {"=1.2.*", "1.2.*", {"1.2.3"}, {"1.20"}},
        {"=1.2*", "1.2.*", {"1.2.3"}, {"1.20"}},
        {"==1.2.*", "1.2.*", {"1.2.3"}, {"1.20"}},
        {"1.2**", "1.2.*", {"1.2.3"}, {"1.20"}},
        {"1.2a*", "1.2a.*", {"1.2a", "1.2alpha"}, {"1.2b", "1.2"}},
        {"1.2_*", "1.2_.*", {"1.2_"}, {"1.2", "1.2.3"}},
        {"1.0.1_", "==1.0.1_", {"1.0.1_"}, {"1.0.1"}},
        {"!=1.2", "!=1.2", {"1.2.1", "1.1"}, {"1.2", "1.2.0"}},
        {"!=1.2.*", "!=1.2.*", {"1.1", "1.20"}, {"1.2", "1.2.1"}},
        {"!=1.2*", "!=1.2.*", {"1.1", "1.20"}, {"1.2", "1.2.1"}},
        {"<1.2", "<1.2", {"1.1", "1.2rc1", "1.2dev"}, {"1.2", "1.2.0", "1.3", "1!0"}},
        {"<=1.2", "<=1.2", {"1.1", "1.2", "1.2.0"}, {"1.2.0.1", "1.2+1", "1.2post"}},
        {">1.2", ">1.2", {"1.2.1", "1.2+1", "1.2post", "1!0"}, {"1.2", "1.2.0", "1.2rc"}},
        {">=1.2", ">=1.2", {"1.2", "1.2.0", "3", "1!0"}, {"1.2rc", "1.1.9"}},
        {"~=1.2.3", "~=1.2.3", {"1.2.3", "1.2.10"}, {"1.2.2", "1.3", "1.2"}},
        {"~=1.2", "~=1.2", {"1.2", "1.9"}, {"1.1", "2.0"}},
        {"~=1.2_3", "~=1.2_3", {"1.2.3", "1.2.9"}, {"1.3", "1.2.2"}},
        {"~=1!1.2", "~=1!1.2", {"1!1.2", "1!1.5"}, {"1.5", "1!2"}},
        {"~=1.2.3_", "~=1.2.3_", {"1.2.3_", "1.2.9"}, {"1.3"}},
        {"~=1.2+3", "~=1.2+3", {"1.2+3", "1.3"}, {"1.2", "2"}},
        {"*", "*", {"0", "1!2"}, {}},
        {"=*", "*", {"0"}, {}},
        {"==*", "*", {"0"}, {}},
        {"1.*.3", "1.*.3", {"1.2.3", "1.2.2.3"}, {"1.3", "1.2.3.4", "2.1.3"}},
        {"*.3", "*.3", {"1.3", "1.2.3"}, {"3", "1.33"}},
        {"*.*", "*.*", {"1.3"}, {"3"}},
        {"1.2.*.*", "1.2.*.*", {"1.2.3.4"}, {"1.2.3"}},
        {"1.RC*2", "1.rc*2", {"1.rc2", "1.RC22"}, {"1.2"}},
        {"^1\\.[23]$", "^1\\.[23]$", {"1.2", "1.3"}, {"1.4", "1.2.0"}},
        {"^1\\.(2|3)$", "^1\\.(2|3)$", {"1.2", "1.3"}, {"1.4"}},
        {">=1.2,<2", ">=1.2,<2", {"1.2", "1.9"}, {"2", "1.1"}},
        {">=1.2,<2|3.*", ">=1.2,<2|3.*", {"1.5", "3.1"}, {"2.5", "4"}},
        {"3.*|>=1.2,<2", "3.*|>=1.2,<2", {"1.5", "3.1"}, {"2.5", "4"}},
        {"1|2,2|3", "==1|==2,==2|==3", {"1", "2", "3"}, {"4"}},
        {"(1|2),(2|3)", "(==1|==2),(==2|==3)", {"2"}, {"1", "3"}},
        {"(1.5|((1.6|1.7), 1.8), 1.9 |2.0)|2.1",
         "==1.5|(==1.6|==1.7),==1.8,==1.9|==2.0|==2.1",
         {"1.5", "2.0", "2.1"},
         {"1.6", "1.8", "1.9"}},
        {"((1))", "==1", {"1"}, {"2"}},
        {" >= 1.2 , < 2 ", ">=1.2,<2", {"1.2"}, {"2"}},
        {"( 1 | 2 ) , != 2", "(==1|==2),!=2", {"1"}, {"2"}},
        {"^1$|^2$", "^1$|^2$", {"1", "2"}, {"3"}},
        {"!=1,^1\\.[0-9,|)]*$", "!=1,^1\\.[0-9,|)]*$", {"1.5"}, {"1", "2.5"}},
        {"1!2.*", "1!2.*", {"1!2.3"}, {"2.3"}},
        {"1.2+a", "==1.2+a", {"1.2+a"}, {"1.2"}},
        {">=0.1-3", ">=0.1-3", {"0.1.3"}, {"0.1.2"}},
    };
    for (const Case& check : cases) {
        expect(check, Form::strict);
        expect(check, Form::lenient);
    }
}

TEST(CondaVersionSpec, LeavesStarsOffWhereOldSpecsHaveThem) {
    const std::vector<Case> cases{
        {">=1.2.*", ">=1.2", {"1.2", "1.3"}, {"1.1", "1.2a"}},
        {">=1.2*", ">=1.2", {"1.2", "1.3"}, {"1.1", "1.2a"}},
        {">1.2.*", ">1.2", {"1.2.1"}, {"1.2"}},
        {"<1.2.*", "<1.2", {"1.1"}, {"1.2"}},
        {"<=1.2*", "<=1.2", {"1.2"}, {"1.2.1"}},
        {"~=1.2.3.*", "~=1.2.3", {"1.2.4"}, {"1.3"}},
        {"~=1", ">=1", {"1", "2"}, {"0.9"}},
        {"~=1_", ">=1_", {"1_", "1", "2"}, {"0.9"}},
        {"~=1!1+2.3", ">=1!1+2.3", {"1!1+2.3", "1!2"}, {"2"}},
        {"~=1.*", ">=1", {"1", "2"}, {"0.9"}},
        {">=*", "*", {"0"}, {}},
    };
    for (const Case& check : cases) {
        expect(check, Form::lenient);
        EXPECT_THROW(VersionSpec::parse(check.spec), Error) << check.spec;
    }
}

TEST(CondaVersionSpec, SaysWhatIsWrongAndWhere) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", "`` is no version spec: a version is missing"},
        {"  ", "a version is missing"},
        {">=1.2,", "`>=1.2,` is no version spec: a version is missing (column 7)"},
        {",1", "a version is missing"},
        {"1||2", "a version is missing (column 3)"},
        {"1,|2", "a version is missing (column 3)"},
        {"|", "a version is missing"},
        {"()", "a version is missing (column 2)"},
        {"(1", "a `)` is missing (column 3)"},
        {"1)", "a `)` has no `(` (column 2)"},
        {"(1)(2)", "`,` or `|` is missing (column 4)"},
        {"(1)2", "`,` or `|` is missing (column 4)"},
        {"1(2)", "`,` or `|` is missing (column 2)"},
        {"1.2 3", "`1.2 3` is no version"},
        {"1.2,1..3", "`1.2,1..3` is no version spec: `1..3` is no version (column 5)"},
        {">=1.2<3", "`1.2<3` is no version (a `,` stands between two conditions, as in"},
        {">=1.2 <3", "`1.2 <3` is no version (a `,` stands between two conditions, as in"},
        {"=>1", "there is no operator `=>`"},
        {"===1", "there is no operator `===`"},
        {"><1", "there is no operator `><`"},
        {"!1", "there is no operator `!`"},
        {"~1", "there is no operator `~`"},
        {">=", "a version is missing behind `>=`"},
        {"=", "a version is missing behind `=`"},
        {"~=1", "`~=` needs a version of two segments, which `1` is not (write `>=1`)"},
        {"~=1_", "`~=` needs a version of two segments"},
        {">=1.*.2", "`>=1.*.2` has an operator and a `*` within"},
        {"=.*", "`.` is no version"},
        {"!=*", "has a `*` behind an operator that takes none"},
        {"<*", "has a `*` behind an operator that takes none"},
        {"~=*", "has a `*` behind an operator that takes none"},
        {">=1.2.*", "`>=1.2.*` has a `*` behind an operator that takes none (write `>=1.2`)"},
        {"1.2@", "`1.2@` is no version"},
        {"1 *2", "`1 *2` is no version"},
        {"^1.2", "begins with `^` and ends with `$`"},
        {"1.2$", "begins with `^` and ends with `$`"},
        {"^1$2", "begins with `^` and ends with `$`"},
        {"$", "begins with `^` and ends with `$`"},
        {"^(?=a)$", "groups that begin with `(?` are not supported"},
        {std::string(4097, '1'), "it is too long"},
        {std::string(21, '(') + "1" + std::string(21, ')'), "too many parentheses"},
    };
    for (const auto& [text, fault] : cases) {
        try {
            VersionSpec::parse(text);
            ADD_FAILURE() << text;
        } catch (const Error& error) {
            const std::string hint = error.text().hint;
            EXPECT_THAT(error.text().what + (hint.empty() ? "" : " (" + hint + ")"),
                        HasSubstr(fault))
                << text;
        }
    }
}

TEST(CondaVersionSpec, RefusesInLenientFormWhatNobodyCanRead) {
    for (const std::string text :
         {"", "1,,2", "1 2", "!=*", "<*", "~=*", "=.*", ">=.*", ">=1*2", "===1"}) {
        EXPECT_THROW(VersionSpec::parse(text, Form::lenient), Error) << text;
    }
}

TEST(CondaVersionSpec, ForgetsParenthesesThatMakeNoDifference) {
    EXPECT_EQ(VersionSpec::parse("(1|2)|3"), VersionSpec::parse("1|2|3"));
    EXPECT_EQ(VersionSpec::parse("1|(2|3)"), VersionSpec::parse("1|2|3"));
    EXPECT_EQ(VersionSpec::parse("(>1,<2),!=1.5"), VersionSpec::parse(">1,(<2,!=1.5)"));
}

TEST(CondaVersionSpec, TellsWhatItIs) {
    EXPECT_TRUE(VersionSpec::parse("*").is_any());
    EXPECT_FALSE(VersionSpec::parse("1.*").is_any());
    EXPECT_EQ(*VersionSpec::parse("1.2").exact(), "1.2");
    EXPECT_EQ(VersionSpec::parse("1.2.*").exact(), nullptr);
    EXPECT_EQ(VersionSpec::parse("1.2|1.3").exact(), nullptr);
    EXPECT_EQ(*VersionSpec::parse("=1.2").beginning(), "1.2");
    EXPECT_EQ(VersionSpec::parse("==1.2").beginning(), nullptr);
    EXPECT_EQ(VersionSpec::parse("!=1.2.*").beginning(), nullptr);
}

} // namespace
} // namespace envpm::conda
