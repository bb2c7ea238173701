#include "manifest/requirement_text.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::manifest {
namespace {

using ::testing::HasSubstr;

const SourceLocation& here() {
    static const SourceLocation location = {"pyproject.toml", 3, 5};
    return location;
}

std::string extras_of(const ManifestRequirement& requirement) {
    std::string out;
    for (const PackageName& extra : requirement.extras) {
        out += extra.string() + " ";
    }
    return out;
}

TEST(RequirementText, IsSplitIntoItsParts) {
    struct Case {
        std::string text;
        std::string name;
        std::string extras;
        std::string specifier;
        std::string marker;
    };

    const std::vector<Case> cases = {
        {"torch", "torch", "", "", ""},
        {"  Torch_Vision  ", "torch-vision", "", "", ""},
        {"torch>=2,<3", "torch", "", ">=2,<3", ""},
        {"torch >= 2, < 3", "torch", "", ">= 2, < 3", ""},
        {"torch(>=2)", "torch", "", ">=2", ""},
        {"torch ( >=2 ) ; os_name=='posix'", "torch", "", ">=2", "os_name=='posix'"},
        {"torch[b,A_x]==2.*", "torch", "a-x b ", "==2.*", ""},
        {"torch [ a , a ] ~=2.0", "torch", "a ", "~=2.0", ""},
        {"torch[]", "torch", "", "", ""},
        {"torch; python_version < \"3.9\"", "torch", "", "", "python_version < \"3.9\""},
        {"torch[a];x", "torch", "a ", "", "x"},
        {"zope.interface!=1", "zope-interface", "", "!=1", ""},
        {"torch===2.0+cu128", "torch", "", "===2.0+cu128", ""},
    };
    for (const Case& example : cases) {
        const ManifestRequirement requirement = split_requirement(example.text, here());
        EXPECT_EQ(requirement.name.string(), example.name) << example.text;
        EXPECT_EQ(extras_of(requirement), example.extras) << example.text;
        EXPECT_EQ(requirement.specifier, example.specifier) << example.text;
        EXPECT_EQ(requirement.marker, example.marker) << example.text;
        EXPECT_EQ(requirement.index, std::nullopt) << example.text;
        EXPECT_EQ(requirement.location, here());
    }
}

TEST(RequirementText, IsRefusedWithItsPlace) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"", "does not begin with a package's name"},
        {">=2", "does not begin with a package's name"},
        {"-torch", "does not begin with a package's name"},
        {"t@rch", "direct references are not supported"},
        {"torch @ https://example.org/torch.whl", "direct references are not supported"},
        {"torch[a] @ file:///torch.whl", "direct references are not supported"},
        {"torch[a", "the `]` after the extras is missing"},
        {"torch[a,]", "its extras are not names"},
        {"torch[,]", "its extras are not names"},
        {"torch[a b]", "its extras are not names"},
        {"torch 2.0", "`2.0` is no version specifier"},
        {"torch (2.0)", "`2.0` is no version specifier"},
        {"torch >=2;", "there is no marker after the `;`"},
        {"torch\n>=2", "it holds control characters"},
    };
    for (const auto& [text, message] : cases) {
        try {
            split_requirement(text, here());
            ADD_FAILURE() << text << " was accepted";
        } catch (const Error& error) {
            EXPECT_THAT(error.text().what, HasSubstr(message)) << text;
            EXPECT_EQ(error.text().subject, "pyproject.toml:3:5");
            EXPECT_EQ(error.code(), ExitCode::failed);
        }
    }
}

TEST(RequirementText, IsWrittenAsItIsRead) {
    for (const char* text : {"torch", "torch>=2,<3", "torch[a,b]~=2.0; os_name == 'posix'",
                             "torch; python_version < '3.9'"}) {
        EXPECT_EQ(requirement_text(split_requirement(text, here())), text);
    }
    ManifestRequirement any = split_requirement("torch", here());
    any.specifier = "*";
    EXPECT_EQ(requirement_text(any), "torch");
}

} // namespace
} // namespace envpm::manifest
