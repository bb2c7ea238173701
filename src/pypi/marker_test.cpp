#include "pypi/marker.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pypi {
namespace {

MarkerEnvironment environment() {
    return marker_environment(Target{}, {.minor = 11, .abi = "cp311"}, "3.11.7");
}

std::vector<PackageName> names(const std::vector<std::string>& texts) {
    std::vector<PackageName> names;
    for (const std::string& text : texts) {
        names.push_back(*PackageName::parse(text));
    }
    return names;
}

bool holds(const std::string& text, const std::vector<std::string>& extras = {}) {
    return Marker::parse(text).evaluate(environment(), names(extras));
}

ErrorText marker_error(const std::string& text) {
    try {
        const Marker marker = Marker::parse(text);
        ADD_FAILURE() << text << " was read as " << marker.text();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::failed);
        return error.text();
    }
    return {};
}

TEST(Marker, DescribesATargetAndAPython) {
    const Target target{.platform = Platform::linux_aarch64, .glibc = {2, 28}};
    const MarkerEnvironment expected{
        {"implementation_name", "cpython"},
        {"implementation_version", "3.13.0rc2"},
        {"os_name", "posix"},
        {"platform_machine", "aarch64"},
        {"platform_python_implementation", "CPython"},
        {"platform_release", ""},
        {"platform_system", "Linux"},
        {"platform_version", ""},
        {"python_full_version", "3.13.0rc2"},
        {"python_version", "3.13"},
        {"sys_platform", "linux"},
    };
    EXPECT_EQ(marker_environment(target, {.minor = 13, .abi = "cp313t"}, "3.13.0rc2"), expected);
}

TEST(Marker, TakesThePlusOfAPythonFromACheckoutForALocalVersion) {
    const MarkerEnvironment built = marker_environment(Target{}, {.minor = 13}, "3.13.0+");
    EXPECT_TRUE(Marker::parse("python_full_version == '3.13.0'").evaluate(built, {}));
}

using Verdicts = std::vector<std::pair<std::string, bool>>;

void expect_marker_verdicts(const Verdicts& verdicts) {
    for (const auto& [text, expected] : verdicts) {
        EXPECT_EQ(holds(text), expected) << text;
    }
}

// The verdicts are those of the Python library `packaging` 26.4 in the same environment.
TEST(Marker, ComparesVersionsAsPythonDoes) {
    expect_marker_verdicts({
        {R"(python_version >= "3.9")", true},
        {R"(python_version < '3.9')", false},
        {R"(python_version<"3.11.1")", true},
        {R"(python_version == "3.11")", true},
        {R"(python_version == "3.11.0")", true},
        {R"(python_version == "3.*")", true},
        {R"(python_version != "3.11.*")", false},
        {R"(python_version ~= "3.8")", true},
        {R"(python_version ~= "3.11.0")", true},
        {R"(python_version === "3.11")", true},
        {R"(python_version > "3.11")", false},
        {R"(python_version in "3.10 3.11")", true},
        {R"(python_version in "3.110")", true},
        {R"(python_version not in "2.7, 3.6")", true},
        {R"(python_version == "3.x")", false},
        {R"(python_version == "3.11 .*")", false},
        {R"(python_version != "3.x")", true},
        {R"(python_version >= "3.x")", false},
        {R"(python_full_version >= "3.11.7rc1")", true},
        {R"(python_full_version <= "3.11")", false},
        {R"(python_full_version == "3.11.7+local")", false},
        {R"(implementation_version < "3.11.10")", true},
        {R"("3.8" <= python_version)", true},
        {R"("3.12" <= python_version)", false},
        {R"("3.11.7" == python_full_version)", true},
        {R"("3.11.1" ~= python_version)", true},
        {R"("3.1" in python_version)", true},
        {R"("2" not in python_version)", true},
    });
}

TEST(Marker, ComparesNamesAsPythonDoes) {
    expect_marker_verdicts({
        {R"(os_name == "posix")", true},
        {R"(os.name == "nt")", false},
        {R"(sys.platform == "linux")", true},
        {R"(sys_platform == "linux2")", false},
        {R"("linux" in sys_platform)", true},
        {R"(sys_platform in "linux darwin")", true},
        {R"(sys_platform not in "linux darwin")", false},
        {R"(sys_platform >= "linux")", true},
        {R"(sys_platform > "a")", false},
        {R"(platform_machine == "x86_64")", true},
        {R"(platform.machine == "aarch64")", false},
        {R"(platform_machine != "X86_64")", true},
        {R"(platform_system == "Linux")", true},
        {R"(platform_python_implementation == "CPython")", true},
        {R"(platform.python_implementation == "PyPy")", false},
        {R"(python_implementation == "CPython")", true},
        {R"(implementation_name == "cpython")", true},
        {R"(platform_release == "")", true},
        {R"(platform_release >= "4")", false},
        {R"(platform_release != "4")", false},
        {R"(platform.version == "")", true},
        {R"(platform_version != "4")", true},
    });
}

TEST(Marker, JoinsComparisonsAsPythonDoes) {
    expect_marker_verdicts({
        {R"(os_name == "nt" and sys_platform == "linux" or python_version >= "3")", true},
        {R"(os_name == "nt" and (sys_platform == "linux" or python_version >= "3"))", false},
        {R"(os_name == "posix" or os_name == "nt" and sys_platform == "win32")", true},
        {R"((os_name == "posix" or os_name == "nt") and sys_platform == "win32")", false},
        {R"(((os_name=='posix'))and(python_version>'3')or'a'==os_name)", true},
    });
}

TEST(Marker, MeansTheSameInItsNormalForm) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {" os.name=='posix' ", R"(os_name == "posix")"},
        {"'say \"x\"' == os_name", R"('say "x"' == os_name)"},
        {"python_version not   in '2.7'", R"(python_version not in "2.7")"},
        {"extra=='Foo_Bar'", R"(extra == "foo-bar")"},
        {"(os_name=='a' and (os_name=='b' and os_name=='c'))",
         R"(os_name == "a" and os_name == "b" and os_name == "c")"},
        {"os_name=='a' or (os_name=='b' or os_name=='c')",
         R"(os_name == "a" or os_name == "b" or os_name == "c")"},
        {"(os_name=='a' or os_name=='b') and os_name=='c'",
         R"((os_name == "a" or os_name == "b") and os_name == "c")"},
        {"os_name=='a' or (os_name=='b' and os_name=='c') or os_name=='d'",
         R"(os_name == "a" or os_name == "b" and os_name == "c" or os_name == "d")"},
    };
    for (const auto& [text, normal] : cases) {
        EXPECT_EQ(Marker::parse(text).text(), normal) << text;
        EXPECT_EQ(Marker::parse(normal).text(), normal);
    }
}

TEST(Marker, IsAlwaysTrueByDefault) {
    const Marker marker;
    EXPECT_TRUE(marker.is_always());
    EXPECT_TRUE(marker.evaluate({}, {}));
    EXPECT_FALSE(marker.names_extra());
    EXPECT_EQ(marker.text(), "");
    EXPECT_FALSE(Marker::parse("os_name == 'posix'").is_always());
}

TEST(Marker, AsksForAnExtraInAnySpelling) {
    EXPECT_TRUE(holds("extra == 'Foo_Bar'", {"test", "foo.bar"}));
    EXPECT_TRUE(holds("'foo-bar' == extra", {"foo.bar"}));
    EXPECT_FALSE(holds("extra == 'foo'", {"foo-bar"}));
    EXPECT_FALSE(holds("extra == 'foo'"));
    EXPECT_TRUE(holds("extra == ''"));
    EXPECT_FALSE(holds("extra == ''", {"foo"}));
    EXPECT_FALSE(holds("extra != 'foo'", {"foo", "test"}));
    EXPECT_TRUE(holds("extra != 'foo'", {"test"}));
    EXPECT_TRUE(holds("extra in 'foo, test'", {"test"}));
    EXPECT_FALSE(holds("extra not in 'foo, test'", {"test"}));
}

TEST(Marker, KnowsWhetherItNamesAnExtra) {
    EXPECT_TRUE(Marker::parse("os_name == 'a' and (os_name == 'b' or 'x' == extra)").names_extra());
    EXPECT_FALSE(Marker::parse("os_name == 'extra'").names_extra());
}

TEST(Marker, TakesAMissingVariableForEmpty) {
    EXPECT_TRUE(Marker::parse("os_name == ''").evaluate({}, {}));
    EXPECT_FALSE(Marker::parse("python_version >= '3'").evaluate({}, {}));
}

TEST(Marker, ReadsTheWildcardsOfOldMetadata) {
    EXPECT_TRUE(holds("python_version >= '3.6.*'"));
    EXPECT_FALSE(holds("python_version < '3.6.*'"));
}

TEST(Marker, NamesTheFaultAndItsColumn) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", "a variable or a quoted text is missing at column 1"},
        {"python_versio > '3'", "`python_versio` is no variable at column 1"},
        {"os_name = 'posix'", "an operator is missing at column 9"},
        {"os_name == posix", "`posix` is no variable at column 12"},
        {"os_name == 'posix", "the closing quote is missing at column 12"},
        {"os_name == 'a' os_name == 'b'", "`and`, `or` or the end is missing at column 16"},
        {"os_name == 'a' and", "a variable or a quoted text is missing at column 19"},
        {"(os_name == 'a'", "`)` is missing at column 16"},
        {"os_name == 'a')", "`and`, `or` or the end is missing at column 15"},
        {"os_name not 'a'", "`in` is missing behind `not` at column 13"},
        {"os_name ~= '1.0'", "`~=` compares versions only at column 1"},
        {"python_version ~= '3'", "`~=` compares versions only at column 1"},
        {"os_name == sys_platform",
         "a comparison needs a variable on one side and a quoted text on the other at column 1"},
        {"'a' == 'b'",
         "a comparison needs a variable on one side and a quoted text on the other at column 1"},
    };
    for (const auto& [text, fault] : cases) {
        EXPECT_EQ(marker_error(text).what, "`" + text + "` is no environment marker: " + fault);
    }
    EXPECT_EQ(marker_error("python_versio > '3'").hint, "did you mean `python_version`?");
    EXPECT_EQ(marker_error("os_name = 'posix'").hint, "write `==`");
}

TEST(Marker, BoundsItsDepthButNotItsLength) {
    const std::string one = "os_name == 'posix'";
    EXPECT_TRUE(holds(std::string(100, '(') + one + std::string(100, ')')));
    EXPECT_THAT(marker_error(std::string(101, '(') + one + std::string(101, ')')).what,
                testing::HasSubstr("the parentheses are nested too deep at column 101"));
    EXPECT_LT(marker_error(std::string(1000000, '(')).what.size(), 500U);
    std::string chain = one;
    for (int i = 0; i < 5000; ++i) {
        chain += " and " + one + " or " + one;
    }
    EXPECT_TRUE(holds(chain));
}

} // namespace
} // namespace envpm::pypi
