#include "base/files.h"
#include "manifest/read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::manifest {
namespace {

/// The code blocks of docs/manifest.md that open with this line.
std::vector<std::string> blocks(const std::string& fence) {
    const std::string page = read_file(ENVPM_DOCS_FOLDER "/manifest.md");
    std::vector<std::string> out;
    std::size_t at = 0;
    while ((at = page.find("\n" + fence + "\n", at)) != std::string::npos) {
        const std::size_t begin = at + fence.size() + 2;
        const std::size_t end = page.find("\n```", begin);
        out.push_back(page.substr(begin, end + 1 - begin));
        at = end;
    }
    return out;
}

TEST(ManifestPage, ShowsWhatCanBeRead) {
    const std::vector<std::string> examples = blocks("```toml");
    ASSERT_GE(examples.size(), 5U);
    for (const std::string& example : examples) {
        EXPECT_NO_THROW(parse(example, "/x/envpm.toml", Platform::linux_64)) << example;
    }
}

TEST(ManifestPage, BeginsWithAnExampleOfEverything) {
    const Manifest manifest = parse(blocks("```toml").at(0), "/x/envpm.toml", Platform::linux_64);
    EXPECT_EQ(manifest.name, "vision");
    EXPECT_TRUE(manifest.exclude_newer && manifest.requires_envpm);
    EXPECT_EQ(manifest.dependencies.size(), 1U);
    EXPECT_EQ(manifest.pypi_dependencies.size(), 3U);
    EXPECT_EQ(manifest.indexes.size(), 2U);
    EXPECT_EQ(manifest.targets.size(), 2U);
    EXPECT_FALSE(manifest.constraints.empty() || manifest.overrides.empty());
    EXPECT_FALSE(manifest.tasks.empty() || manifest.activation_variables.empty());
}

TEST(ManifestPage, ShowsAPyprojectWithAllOfItsParts) {
    const std::vector<std::string> examples = blocks("```toml pyproject");
    ASSERT_EQ(examples.size(), 1U);
    const Manifest manifest = parse(examples[0], "/x/pyproject.toml", Platform::linux_64);
    std::vector<std::string> names;
    for (const ManifestRequirement& requirement : manifest.pypi_dependencies) {
        names.push_back(requirement.name.string() + requirement.index.value_or(""));
    }
    EXPECT_THAT(names, ::testing::ElementsAre("torchcu128", "torchcu128", "numpy", "matplotlib",
                                              "pytest", "ruff"));
    EXPECT_EQ(manifest.dependencies.at(0).specifier, ">=3.11");
}

} // namespace
} // namespace envpm::manifest
