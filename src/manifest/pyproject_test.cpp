#include "base/error.h"
#include "manifest/read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::manifest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Manifest parsed_project(const std::string& text) {
    return parse(text, "/projects/vision/pyproject.toml", Platform::linux_64);
}

std::vector<std::string> wheels_of(const Manifest& manifest) {
    std::vector<std::string> out;
    for (const ManifestRequirement& requirement : manifest.pypi_dependencies) {
        out.push_back(requirement.name.string() + requirement.specifier);
    }
    return out;
}

TEST(Pyproject, IsReadWithItsProjectTable) {
    const Manifest manifest = parsed_project("[project]\n"
                                             "name = \"Vision\"\n"
                                             "version = \"1.0\"\n"
                                             "requires-python = \">=3.11,<3.13\"\n"
                                             "dependencies = [\n"
                                             "    \"torch>=2\",\n"
                                             "    \"numpy; python_version < '3.12'\",\n"
                                             "    \"numpy>=2; python_version >= '3.12'\",\n"
                                             "]\n"
                                             "[tool.other]\nanything = 1\n"
                                             "[tool.envpm.tasks]\ntrain = \"python train.py\"\n");
    EXPECT_EQ(manifest.name, "Vision");
    ASSERT_EQ(manifest.dependencies.size(), 1U);
    EXPECT_EQ(manifest.dependencies[0].name.string(), "python");
    EXPECT_EQ(manifest.dependencies[0].specifier, ">=3.11,<3.13");
    EXPECT_EQ(manifest.dependencies[0].location.line, 4);
    EXPECT_THAT(wheels_of(manifest), ElementsAre("torch>=2", "numpy", "numpy>=2"));
    EXPECT_EQ(manifest.pypi_dependencies[0].location.text(), "/projects/vision/pyproject.toml:6:5");
    EXPECT_EQ(manifest.tasks.size(), 1U);
    EXPECT_EQ(manifest.targets.size(), 1U);
}

TEST(Pyproject, LetsItsOwnTablesSpeakFirst) {
    const Manifest manifest = parsed_project("[project]\n"
                                             "name = \"vision\"\n"
                                             "requires-python = \">=3.8\"\n"
                                             "dependencies = [\"torch>=2\"]\n"
                                             "[tool.envpm.workspace]\nname = \"lab\"\n"
                                             "[tool.envpm.dependencies]\npython = \"3.12.*\"\n"
                                             "[tool.envpm.pypi-dependencies]\nruff = \"*\"\n");
    EXPECT_EQ(manifest.name, "lab");
    ASSERT_EQ(manifest.dependencies.size(), 1U);
    EXPECT_EQ(manifest.dependencies[0].specifier, "3.12.*");
    EXPECT_THAT(wheels_of(manifest), ElementsAre("ruff*", "torch>=2"));
}

TEST(Pyproject, WorksWithoutAProjectAndIsThenNamedByItsFolder) {
    EXPECT_EQ(parsed_project("[tool.envpm]").name, "vision");
    EXPECT_THAT(parsed_project("[tool.envpm]").dependencies, IsEmpty());
}

TEST(Pyproject, GivesAnIndexToTheRequirementsOfThatName) {
    const Manifest manifest =
        parsed_project("[project]\nname = \"v\"\ndependencies = [\"torch>=2\", \"a\"]\n"
                       "[tool.envpm.indexes]\ncu128 = \"https://example.org/cu128\"\n"
                       "[tool.envpm.pypi-dependencies]\ntorch = { index = \"cu128\" }\n");
    ASSERT_THAT(wheels_of(manifest), ElementsAre("torch*", "torch>=2", "a"));
    EXPECT_EQ(manifest.pypi_dependencies[1].index, "cu128");
    EXPECT_EQ(manifest.pypi_dependencies[2].index, std::nullopt);
}

TEST(Pyproject, TakesExtrasAndGroupsThatTheWorkspaceChooses) {
    const std::string tables = "[project]\nname = \"my.vision\"\n"
                               "[project.optional-dependencies]\n"
                               "GPU_x = [\"torch\"]\n"
                               "all = [\"my-vision[gpu-x, plots]\", \"extra-all\"]\n"
                               "plots = [\"matplotlib\", \"my-vision[all]\"]\n"
                               "broken = [1]\n"
                               "[dependency-groups]\n"
                               "Dev = [\"ruff>=1\", { include-group = \"test\" }]\n"
                               "test = [\"pytest\"]\n"
                               "lint = [{ include-group = \"test\" }, \"mypy\"]\n"
                               "broken = [1]\n"
                               "[tool.envpm.workspace]\n";
    EXPECT_THAT(wheels_of(parsed_project(tables)), IsEmpty());
    EXPECT_THAT(wheels_of(parsed_project(tables + "extras = [\"gpu-x\"]")), ElementsAre("torch"));
    EXPECT_THAT(wheels_of(parsed_project(tables + "extras = [\"all\", \"plots\"]")),
                ElementsAre("torch", "matplotlib", "extra-all"));
    EXPECT_THAT(wheels_of(parsed_project(tables + "groups = [\"dev\", \"lint\"]")),
                ElementsAre("ruff>=1", "pytest", "mypy"));
}

struct BadProject {
    std::string text;
    std::string what;
    std::string place;
    std::string hint = {};
};

TEST(Pyproject, RefusesWhatCannotBeWithItsPlace) {
    const std::vector<BadProject> cases = {
        {"[tool.envpm]\ntask = {}", "unknown key `task` in `tool.envpm`", "2:1",
         "did you mean `tasks`?"},
        {"[tool.envpm.workspace]\nextra = []", "unknown key `extra` in `tool.envpm.workspace`",
         "2:1", "did you mean `extras`?"},
        {"[tool.envpm.pypi-dependencies]\na = 1.5", "`tool.envpm.pypi-dependencies.a` must be",
         "2:5"},
        {"[tool.envpm.targets.a]\nplatform = \"x\"", "unknown platform", "2:12"},
        {"project = 1", "`project` must be a table", "1:11"},
        {"[project]\nname = \"-\"", "`project.name` is no package's name", "2:8"},
        {"[project]\ndependencies = \"torch\"", "`project.dependencies` must be an array", "2:16"},
        {"[project]\ndependencies = [1]", "`project.dependencies` must be a string", "2:17"},
        {"[project]\ndependencies = [\"torch @ https://example.org/t.whl\"]",
         "direct references are not supported", "2:17"},
        {"[project]\ndependencies = [\"torch 2\"]", "`2` is no version specifier", "2:17"},
        {"[project]\ndependencies = [\"python>=3\"]", "`python` cannot be in", "2:17"},
        {"[project]\nname = \"v\"\ndependencies = [\"V\"]", "`v` is this project itself", "3:17"},
        {"[project]\nrequires-python = \"3.11\"", "`3.11` is no version specifier", "2:19"},
        {"[project]\nrequires-python = \">=3; x\"", "must be a version specifier", "2:19"},
        {"[project]\ndynamic = [\"dependencies\"]", "`project.dependencies` is dynamic", "2:11",
         "envpm.toml"},
        {"[project.optional-dependencies]\ngpu = []\n[tool.envpm.workspace]\nextras = [\"gup\"]",
         "there is no \"gup\" in `project.optional-dependencies`", "4:11", "did you mean `gpu`?"},
        {"[tool.envpm.workspace]\ngroups = [\"dev\"]", "there is no \"dev\" in `dependency-groups`",
         "2:11"},
        {"[dependency-groups]\na-b = []\nA_B = []", "`a-b` stands twice in `dependency-groups`",
         "3:1", "pyproject.toml:2"},
        {"[dependency-groups]\na = [{ include-group = \"b\" }]\nb = [{ include-group = \"a\" }]\n"
         "[tool.envpm.workspace]\ngroups = [\"a\"]",
         "the group `a` includes itself", "3:24"},
        {"[dependency-groups]\na = [{ include = \"b\" }]\n[tool.envpm.workspace]\ngroups = [\"a\"]",
         "unknown key `include` in `dependency-groups.a`", "2:8", "include-group"},
        {"[dependency-groups]\na = [{}]\n[tool.envpm.workspace]\ngroups = [\"a\"]",
         "`include-group` is missing", "2:6"},
    };
    for (const BadProject& bad : cases) {
        SCOPED_TRACE(bad.text);
        try {
            parse(bad.text, "pyproject.toml", Platform::linux_64);
            ADD_FAILURE() << "it was accepted";
        } catch (const Error& error) {
            EXPECT_THAT(error.text().what, HasSubstr(bad.what));
            EXPECT_EQ(error.text().subject, "pyproject.toml:" + bad.place);
            EXPECT_THAT(error.text().hint, HasSubstr(bad.hint));
        }
    }
}

TEST(Pyproject, BoundsHowDeepGroupsIncludeGroups) {
    std::string text = "[tool.envpm.workspace]\ngroups = [\"g0\"]\n[dependency-groups]\n";
    for (int i = 0; i < 1000; ++i) {
        text += "g" + std::to_string(i) + " = [{ include-group = \"g" + std::to_string(i + 1) +
                "\" }]\n";
    }
    EXPECT_THAT([&] { parsed_project(text); },
                ::testing::Throws<Error>(::testing::Property(
                    &Error::what, HasSubstr("groups include groups more than 64 deep"))));
}

} // namespace
} // namespace envpm::manifest
