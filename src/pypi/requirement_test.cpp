#include "pypi/requirement.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pypi {
namespace {

ErrorText requirement_error(const std::string& text) {
    try {
        const Requirement requirement = Requirement::parse(text);
        ADD_FAILURE() << text << " was read as " << requirement.text();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::failed);
        return error.text();
    }
    return {};
}

TEST(Requirement, HasItsParts) {
    const Requirement requirement = Requirement::parse(
        "Torch_Vision [CUDA,extra_one, cuda] >=0.20 , <1 ; python_version >= '3.9'");
    EXPECT_EQ(requirement.name.string(), "torch-vision");
    ASSERT_EQ(requirement.extras.size(), 2U);
    EXPECT_EQ(requirement.extras[0].string(), "cuda");
    EXPECT_EQ(requirement.extras[1].string(), "extra-one");
    EXPECT_EQ(requirement.specifiers, SpecifierSet::parse(">=0.20,<1"));
    EXPECT_EQ(requirement.marker.text(), R"(python_version >= "3.9")");
    EXPECT_EQ(requirement.url, "");
}

// What is accepted was compared with Requirement of the Python library `packaging` 26.4.
TEST(Requirement, HasANormalForm) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"numpy", "numpy"},
        {" NumPy ", "numpy"},
        {"numpy>=1.26", "numpy >=1.26"},
        {"numpy>=1.26,", "numpy >=1.26"},
        {"numpy >= 1.26 ,< 3", "numpy <3, >=1.26"},
        {"numpy (>=1.26)", "numpy >=1.26"},
        {"numpy(>=1.26,<3);os_name=='posix'", R"(numpy <3, >=1.26; os_name == "posix")"},
        {"numpy ()", "numpy"},
        {"numpy[]", "numpy"},
        {"numpy[b,A]==1.*", "numpy[a,b] ==1.*"},
        {"numpy; extra == 'Test_All'", R"(numpy; extra == "test-all")"},
        {"numpy===1.0-raw ; os_name=='a'", R"(numpy ===1.0-raw; os_name == "a")"},
        {"torch==2.9.1+cu128", "torch ==2.9.1+cu128"},
        {"a @ https://example.org/a;b.whl", "a @ https://example.org/a;b.whl"},
        {"a[x]@ git+https://example.org/a@v1 ; os_name=='a'",
         R"(a[x] @ git+https://example.org/a@v1 ; os_name == "a")"},
    };
    for (const auto& [text, normal] : cases) {
        const Requirement requirement = Requirement::parse(text);
        EXPECT_EQ(requirement.text(), normal) << text;
        EXPECT_EQ(Requirement::parse(normal).text(), normal);
    }
}

TEST(Requirement, KeepsADirectReference) {
    const Requirement requirement = Requirement::parse("a @ file:///srv/a-1-py3-none-any.whl");
    EXPECT_EQ(requirement.url, "file:///srv/a-1-py3-none-any.whl");
    EXPECT_TRUE(requirement.specifiers.is_any());
    EXPECT_TRUE(requirement.marker.is_always());
}

TEST(Requirement, QuotesItselfAndNamesTheFault) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", "it does not begin with a name"},
        {">=1", "it does not begin with a name"},
        {"-x", "`-x` is no name"},
        {"numpy 1.26", "`1.26` is no version specifier"},
        {"numpy =1.26", "`=1.26` is no version specifier"},
        {"numpy (>=1", "`)` is missing"},
        {"numpy[a", "`]` is missing"},
        {"numpy[a b]", "`a b` is no name of an extra"},
        {"numpy[a,]", "an extra is missing behind `,`"},
        {"numpy[,a]", "`` is no name of an extra"},
        {"numpy (>=1) x", "`;` is missing before `x`"},
        {"numpy @", "there is no URL behind `@`"},
        {"a @ https://example.org/a.whl os_name=='a'", "`;` is missing before `os_name=='a'`"},
        {"numpy; os_nam=='a'",
         "` os_nam=='a'` is no environment marker: `os_nam` is no variable at column 2"},
        {"numpy;",
         "`` is no environment marker: a variable or a quoted text is missing at column 1"},
    };
    for (const auto& [text, fault] : cases) {
        EXPECT_EQ(requirement_error(text).what, "`" + text + "` is no requirement: " + fault);
    }
    EXPECT_EQ(requirement_error("numpy 1.26").hint, "write `==1.26` for exactly that version");
    EXPECT_EQ(requirement_error("numpy; os_nam=='a'").hint, "did you mean `os_name`?");
}

TEST(Requirement, ReadsOldMetadataOnlyWhenAsked) {
    EXPECT_EQ(Requirement::parse("a (>=3.6.*)", Reading::old_metadata).text(), "a >=3.6");
    EXPECT_EQ(requirement_error("a (>=3.6.*)").hint, "write `>=3.6`");
}

TEST(Requirement, IsBounded) {
    const std::string many = "a" + std::string(70000, ' ') + ">=1";
    EXPECT_THAT(requirement_error(many).what, testing::HasSubstr("it is too long"));
    EXPECT_LT(requirement_error(many).what.size(), 400U);
}

} // namespace
} // namespace envpm::pypi
