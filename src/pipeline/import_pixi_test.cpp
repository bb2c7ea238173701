#include "base/error.h"
#include "pipeline/import_for_tests.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pipeline {

namespace {

using test::both_targets;
using test::imported_from;
using test::lines_of;

constexpr const char* real_pixi = R"([workspace]
name = "vision"
version = "0.1.0"
channels = ["conda-forge", { channel = "pytorch", priority = 1 }]
platforms = ["linux-64", "osx-arm64"]

[dependencies]
python = "3.12.*"
numpy = { version = ">=2", build = "*openblas*", channel = "conda-forge" }
local = { path = "./local" }

[pypi-dependencies]
torch = { version = ">=2.6", index = "https://w.example.org/whl/cu128", extras = ["opt"] }
rich = "*"
mine = { path = ".", editable = true }

[target.linux-64.dependencies]
mkl = "2024.*"

[target.unix.tasks]
clean = "rm -rf out"

[target.win-64.dependencies]
pywin32 = "*"

[tasks]
train = "python train.py --root $PIXI_PROJECT_ROOT"
test = { cmd = ["pytest", "-k", "a b"], cwd = "tests", env = { LEVEL = "3" }, inputs = ["x"] }
all = { depends-on = ["train", "test"] }

[activation]
scripts = ["setup.sh"]
env = { HF_HOME = "$PIXI_PROJECT_ROOT/.hf" }

[system-requirements]
libc = { family = "glibc", version = "2.31" }
cuda = "12"

[feature.gpu.dependencies]
cuda-version = "12.8.*"

[feature.docs.dependencies]
sphinx = "*"

[environments]
default = ["gpu"]
docs = ["docs"]
)";

constexpr const char* pixi_manifest = R"([workspace]
name = "vision"
channels = ["pytorch", "conda-forge"]

[dependencies]
python = "3.12.*"
numpy = { version = ">=2", build = "*openblas*", channel = "conda-forge" }
mkl = "2024.*"
cuda-version = "12.8.*"

[pypi-dependencies]
torch = { version = ">=2.6", extras = ["opt"], index = "cu128" }
rich = "*"

[indexes]
cu128 = { url = "https://w.example.org/whl/cu128", explicit = true }

[targets.linux-64]
platform = "linux-64"
glibc = "2.31"
cuda = "12.0"

[tasks]
clean = "rm -rf out"
train = "python train.py --root $ENVPM_PROJECT_ROOT"
test = "cd tests && export LEVEL=3; pytest -k 'a b'"

[activation.env]
HF_HOME = "$ENVPM_PROJECT_ROOT/.hf"
)";

} // namespace

TEST(ImportPixi, CarriesTheDefaultEnvironment) {
    const ImportedManifest imported = imported_from(real_pixi, "pixi.toml");
    EXPECT_EQ(imported.text, pixi_manifest);
    EXPECT_THAT(
        lines_of(imported.remarks),
        testing::ElementsAre(
            "left pixi.toml:3:1 `workspace.version`", "left pixi.toml:5:26 platform `osx-arm64`",
            "left pixi.toml:10:1 `dependencies.local`",
            "left pixi.toml:15:1 `pypi-dependencies.mine`", "left pixi.toml:23:9 `[target.win-64]`",
            "left pixi.toml:28:79 `tasks.test.inputs`", "left pixi.toml:29:1 `tasks.all`",
            "left pixi.toml:32:1 `activation.scripts`", "left pixi.toml:42:10 feature `docs`",
            "left pixi.toml:47:1 environment `docs`",
            "changed pixi.toml:27:1 pixi's name for the project's folder",
            "changed pixi.toml:33:9 pixi's name for the project's folder"));
}

constexpr const char* pixi_pyproject = R"([project]
name = "paper"
requires-python = ">=3.11"
dependencies = ["numpy>=2", "scipy ; sys_platform == 'linux'"]
[project.optional-dependencies]
plot = ["matplotlib"]
[dependency-groups]
test = ["pytest", { include-group = "More" }]
more = ["hypothesis", { include-group = "most" }]
most = ["tox"]
other = [{ include-group = "more" }]
[tool.pixi.project]
channels = ["conda-forge"]
platforms = ["linux-64", "linux-aarch64"]
channel-priority = "disabled"
[tool.pixi.target.linux-64.dependencies]
mkl = "*"
[tool.pixi.target.linux-64.pypi-dependencies]
triton = "*"
[tool.pixi.pypi-options]
index-url = "https://mirror.example.org/simple"
no-build = true
[tool.pixi.environments]
default = { features = ["test"], solve-group = "a" }
)";

TEST(ImportPixi, ReadsWhatItInstallsForAPyproject) {
    const ImportedManifest imported = imported_from(pixi_pyproject, "pyproject.toml");
    EXPECT_EQ(imported.text, R"([workspace]
name = "paper"
channels = ["conda-forge"]
channel-priority = "flexible"

[dependencies]
python = ">=3.11"

[pypi-dependencies]
numpy = ">=2"
scipy = { version = "*", marker = 'sys_platform == "linux"' }
pytest = "*"
hypothesis = "*"
tox = "*"
triton = { version = "*", marker = "platform_machine == 'x86_64'" }

[indexes]
pypi = "https://mirror.example.org/simple"
)" + both_targets);
    EXPECT_THAT(
        lines_of(imported.remarks),
        testing::ElementsAre("left pyproject.toml:6:1 optional dependencies `plot`",
                             "left pyproject.toml:11:1 dependency group `other`",
                             "left pyproject.toml:17:1 `mkl *`",
                             "left pyproject.toml:22:1 `pypi-options.no-build`",
                             "left pyproject.toml:24:34 `environments.default.solve-group`",
                             "changed pyproject.toml:15:1 `channel-priority = \"disabled\"`"));
}

/// The complaint about a file that pixi would not read either.
std::string fault_of_pixi(const std::string& text) {
    try {
        import_text(text, "pyproject.toml", "", "default");
    } catch (const Error& error) {
        return error.what();
    }
    return "none";
}

TEST(ImportPixi, TakesTheExtrasOfTheProjectItself) {
    const std::string text = R"([project]
name = "My.Paper"
[project.optional-dependencies]
plot = ["matplotlib"]
all = ["my-paper [plot, fast]", "my_paper[fast]; python_version > '3'", "rich"]
fast = ["numba"]
[tool.pixi.workspace]
channels = ["conda-forge"]
platforms = ["linux-64"]
[tool.pixi.environments]
default = ["all"]
)";
    const ImportedManifest imported = imported_from(text, "pyproject.toml");
    EXPECT_THAT(imported.text,
                testing::HasSubstr(
                    "[pypi-dependencies]\nmatplotlib = \"*\"\nnumba = \"*\"\nrich = \"*\"\n"));
    EXPECT_THAT(
        lines_of(imported.remarks),
        testing::ElementsAre("left pyproject.toml:5:33 `my_paper[fast]; python_version > '3'` "
                             "of `project.optional-dependencies`"));
}

TEST(ImportPixi, RefusesGroupsThatDoNotEnd) {
    const std::string rest =
        "[tool.pixi.workspace]\nchannels = []\n[tool.pixi.environments]\ndefault = [\"a\"]\n";
    EXPECT_EQ(fault_of_pixi("[dependency-groups]\na = [{ include-group = \"b\" }]\n"
                            "b = [{ include-group = \"a\" }]\n" +
                            rest),
              "`a` of `dependency-groups` includes itself: pyproject.toml:2:1 (by a → b)");
    EXPECT_EQ(
        fault_of_pixi("[dependency-groups]\na = [{ include-group = \"bb\" }]\nbbc = []\n" + rest),
        "there is no `bb` in `dependency-groups` to include: pyproject.toml:2:24 (did you "
        "mean `bbc`? known: `a`, `bbc`)");
}

TEST(ImportPixi, TakesTheMostThatFeaturesRequireOfAMachine) {
    const ImportedManifest imported = imported_from(R"([workspace]
channels = ["conda-forge"]
channel-priority = "strict"
platforms = ["linux-64", "linux-aarch64"]
[system-requirements]
libc = "2.34"
cuda = "12.4"
linux = "5.10"
archspec = "x86_64_v3"
[feature.old]
channel-priority = "disabled"
system-requirements = { cuda = "11", libc = "2.28" }
[feature.new]
channel-priority = "strict"
system-requirements = { cuda = "new" }
[environments]
default = ["old", "new"]
)",
                                                    "pixi.toml");
    EXPECT_EQ(imported.text, R"([workspace]
channels = ["conda-forge"]
channel-priority = "flexible"

[targets.linux-64]
platform = "linux-64"
glibc = "2.34"
cuda = "12.4"

[targets.linux-aarch64]
platform = "linux-aarch64"
glibc = "2.34"
cuda = "12.4"
)");
    EXPECT_THAT(lines_of(imported.remarks),
                testing::ElementsAre("left pixi.toml:3:1 `channel-priority = \"strict\"`",
                                     "left pixi.toml:8:1 `system-requirements.linux`",
                                     "left pixi.toml:9:1 `system-requirements.archspec`",
                                     "left pixi.toml:14:1 `channel-priority = \"strict\"`",
                                     "left pixi.toml:15:25 `system-requirements.cuda`",
                                     "changed pixi.toml:11:1 `channel-priority = \"disabled\"`"));
}

constexpr const char* several_environments = R"([workspace]
name = "several"
channels = ["conda-forge"]
platforms = ["linux-64", "linux-aarch64"]
[dependencies]
python = "3.12.*"
[tasks]
check = "pytest"
[activation]
env = { LEVEL = "1" }
[feature.cuda]
channels = ["nvidia", { channel = "pytorch", priority = -1 }]
platforms = ["linux-64"]
dependencies = { cuda-version = "12.8.*" }
tasks = { check = "pytest -m gpu" }
activation = { env = { LEVEL = "2" } }
[feature.docs]
dependencies = { sphinx = "*" }
preview = ["x"]
[environments]
cuda = ["cuda"]
docs = { features = ["docs"], no-default-feature = true, solve-group = "all" }
lost = ["gone"]
)";

TEST(ImportPixi, CarriesTheEnvironmentThatIsNamed) {
    const ImportedManifest cuda = imported_from(several_environments, "pixi.toml", "cuda");
    EXPECT_EQ(cuda.text, R"([workspace]
name = "several"
channels = ["nvidia", "conda-forge", "pytorch"]

[dependencies]
python = "3.12.*"
cuda-version = "12.8.*"

[targets.linux-64]
platform = "linux-64"

[tasks]
check = "pytest -m gpu"

[activation.env]
LEVEL = "2"
)");
    EXPECT_THAT(lines_of(cuda.remarks),
                testing::ElementsAre(
                    "left pixi.toml:8:1 task `check`", "left pixi.toml:10:9 variable `LEVEL`",
                    "left pixi.toml:17:10 feature `docs`", "left pixi.toml:22:1 environment `docs`",
                    "left pixi.toml:23:1 environment `lost`"));
    EXPECT_THAT(cuda.remarks.left.back().why, testing::HasSubstr("`--environment lost`"));
}

TEST(ImportPixi, LeavesOutTheDefaultFeatureWhereAnEnvironmentDoes) {
    const ImportedManifest docs = imported_from(several_environments, "pixi.toml", "docs");
    EXPECT_EQ(docs.text, R"([workspace]
name = "several"
channels = ["conda-forge"]

[dependencies]
sphinx = "*"
)" + both_targets);
    EXPECT_THAT(lines_of(docs.remarks),
                testing::ElementsAre("left pixi.toml:11:10 feature `cuda`",
                                     "left pixi.toml:19:1 `feature.docs.preview`",
                                     "left pixi.toml:21:1 environment `cuda`",
                                     "left pixi.toml:22:58 `environments.docs.solve-group`",
                                     "left pixi.toml:23:1 environment `lost`"));
}

TEST(ImportPixi, LeavesOutATaskWhoseNameNoTaskCanHave) {
    const ImportedManifest imported = imported_from(
        "[workspace]\nchannels = [\"conda-forge\"]\n[tasks]\n\"a b\" = \"ls\"\nc = \"ls\"\n",
        "pixi.toml");
    EXPECT_THAT(imported.text, testing::HasSubstr("[tasks]\nc = \"ls\"\n"));
    EXPECT_THAT(lines_of(imported.remarks), testing::ElementsAre("left pixi.toml:4:1 task `a b`"));
}

TEST(ImportPixi, SaysWhichEnvironmentsAndFeaturesThereAre) {
    const auto complaint = [](const std::string& text, const std::string& file,
                              const std::string& environment) {
        try {
            import_text(text, file, "", environment);
        } catch (const Error& error) {
            return fmt::format("{} {} ({})", static_cast<int>(error.code()), error.text().what,
                               error.text().hint);
        }
        return std::string("none");
    };
    EXPECT_EQ(complaint(several_environments, "pixi.toml", "cud"),
              "1 there is no environment `cud` (did you mean `cuda`? known: `default`, `cuda`, "
              "`docs`, `lost`)");
    EXPECT_EQ(complaint(several_environments, "pixi.toml", "lost"),
              "1 there is no feature `gone`, which environment `lost` has (known: `cuda`, `docs`)");
    EXPECT_EQ(complaint("[workspace]\nplatforms = [\"linux-64\", \"osx-64\"]\n[feature.mac]\n"
                        "platforms = [\"osx-64\"]\n[environments]\nmac = [\"mac\"]\n",
                        "pixi.toml", "mac"),
              "1 environment `mac` is for no platform that envpm knows (it knows `linux-64` and "
              "`linux-aarch64`)");
    EXPECT_EQ(complaint("dependencies: [a]\n", "environment.yml", "gpu"),
              "2 there is no environment `gpu` to choose here (only pixi's files have several "
              "environments)");
}

} // namespace envpm::pipeline
