#include "manifest/read.h"

#include "base/error.h"
#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::manifest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

Manifest parsed(const std::string& text) {
    return parse(text, "/projects/vision/envpm.toml", Platform::linux_64);
}

TEST(Manifest, HasDefaultsForAllThatIsNotSaid) {
    const Manifest manifest = parse("", "/projects/vision/envpm.toml", Platform::linux_aarch64);
    EXPECT_EQ(manifest.file, "/projects/vision/envpm.toml");
    EXPECT_EQ(manifest.name, "vision");
    EXPECT_EQ(manifest.exclude_newer, std::nullopt);
    EXPECT_EQ(manifest.prereleases, Prereleases::if_necessary);
    EXPECT_THAT(manifest.targets, ElementsAre(Target{"default", Platform::linux_aarch64, {2, 28}}));
    EXPECT_THAT(manifest.pypi_dependencies, IsEmpty());
    EXPECT_EQ(parsed("[targets]").targets.size(), 1U);
}

TEST(Manifest, ReadsTheWorkspace) {
    const Manifest manifest = parsed("[workspace]\n"
                                     "name = \"my vision\"\n"
                                     "exclude-newer = 2026-11-01\n"
                                     "prereleases = \"never\"\n"
                                     "requires-envpm = \">=0.1\"\n");
    EXPECT_EQ(manifest.name, "my vision");
    EXPECT_EQ(manifest.exclude_newer, "2026-11-01");
    EXPECT_EQ(manifest.prereleases, Prereleases::never);
    EXPECT_EQ(manifest.requires_envpm, ">=0.1");
    EXPECT_EQ(parsed("workspace.exclude-newer = 2026-11-01T01:02:03+01:00").exclude_newer,
              "2026-11-01T01:02:03+01:00");
    EXPECT_EQ(parsed("workspace.prereleases = 'allow'").prereleases, Prereleases::allow);
}

TEST(Manifest, ReadsRequirementsInEveryForm) {
    const Manifest manifest = parsed("[dependencies]\n"
                                     "python = \"3.12.*\"\n"
                                     "[pypi-dependencies]\n"
                                     "Jupyter_Lab = \"*\"\n"
                                     "a = { version = \"~=2.9\", index = \"cu128\" }\n"
                                     "b = { extras = [\"Y_1\", \"x\", \"x\"], marker = \"m\" }\n"
                                     "[pypi-dependencies.c]\n"
                                     "version = \">=1\"\n"
                                     "[indexes]\n"
                                     "cu128 = \"https://example.org/cu128\"\n"
                                     "[constraints]\n"
                                     "numpy = \"<3\"\n"
                                     "scipy = { version = \"<2\", marker = \"m\" }\n"
                                     "[overrides]\n"
                                     "urllib3 = \">=2\"\n");
    ASSERT_THAT(manifest.dependencies, SizeIs(1));
    EXPECT_EQ(manifest.dependencies[0].specifier, "3.12.*");
    ASSERT_THAT(manifest.pypi_dependencies, SizeIs(4));
    const std::vector<ManifestRequirement>& wheels = manifest.pypi_dependencies;
    EXPECT_EQ(wheels[0].name.string(), "jupyter-lab");
    EXPECT_EQ(wheels[0].specifier, "*");
    EXPECT_EQ(wheels[0].location.text(), "/projects/vision/envpm.toml:4:1");
    EXPECT_EQ(wheels[1].index, "cu128");
    EXPECT_EQ(wheels[1].specifier, "~=2.9");
    EXPECT_EQ(wheels[2].specifier, "*");
    EXPECT_THAT(wheels[2].extras,
                ElementsAre(*PackageName::parse("x"), *PackageName::parse("y-1")));
    EXPECT_EQ(wheels[2].marker, "m");
    EXPECT_EQ(wheels[3].specifier, ">=1");
    ASSERT_THAT(manifest.constraints, SizeIs(2));
    EXPECT_EQ(manifest.constraints[1].marker, "m");
    ASSERT_THAT(manifest.overrides, SizeIs(1));
    EXPECT_EQ(manifest.overrides[0].specifier, ">=2");
}

TEST(Manifest, ReadsIndexesTargetsTasksAndActivationInTheFilesOrder) {
    const Manifest manifest =
        parsed("[indexes]\n"
               "zeta = \"file:///srv/wheels\"\n"
               "alpha = { url = \"http://[::1]:80/simple/\", explicit = true }\n"
               "[targets.z]\n"
               "platform = \"linux-aarch64\"\n"
               "[targets.a]\n"
               "platform = \"linux-64\"\n"
               "glibc = \"2.31\"\n"
               "[tasks]\n"
               "train = \"python train.py\"\n"
               "eval = '''\na\nb'''\n"
               "[activation]\nconda-scripts = true\n"
               "[activation.env]\n"
               "HF_HOME = \"$ENVPM_PROJECT_ROOT/.hf\"\n"
               "A = \"\"\n");
    ASSERT_THAT(manifest.indexes, SizeIs(2));
    EXPECT_EQ(manifest.indexes[0].url, "file:///srv/wheels");
    EXPECT_FALSE(manifest.indexes[0].is_explicit);
    EXPECT_EQ(manifest.indexes[1].name, "alpha");
    EXPECT_TRUE(manifest.indexes[1].is_explicit);
    EXPECT_THAT(manifest.targets, ElementsAre(Target{"z", Platform::linux_aarch64, {2, 28}},
                                              Target{"a", Platform::linux_64, {2, 31}}));
    ASSERT_THAT(manifest.tasks, SizeIs(2));
    EXPECT_EQ(manifest.tasks[1].command, "a\nb");
    EXPECT_TRUE(manifest.sources_conda_scripts);
    EXPECT_THAT(manifest.activation_variables,
                ElementsAre(Pair("HF_HOME", "$ENVPM_PROJECT_ROOT/.hf"), Pair("A", "")));
}

struct Bad {
    std::string text;
    std::string what;
    std::string place;
    std::string hint = {};
};

void check(const std::vector<Bad>& cases) {
    for (const Bad& bad : cases) {
        SCOPED_TRACE(bad.text);
        try {
            parse(bad.text, "envpm.toml", Platform::linux_64);
            ADD_FAILURE() << "it was accepted";
        } catch (const Error& error) {
            EXPECT_THAT(error.text().what, HasSubstr(bad.what));
            EXPECT_EQ(error.text().subject, "envpm.toml:" + bad.place);
            EXPECT_THAT(error.text().hint, HasSubstr(bad.hint));
            EXPECT_EQ(error.code(), ExitCode::failed);
        }
    }
}

TEST(Manifest, RefusesUnknownKeysWithTheNearMissAndTheList) {
    check({
        {"[wrokspace]", "unknown key `wrokspace` in the manifest", "1:2",
         "did you mean `workspace`? known: `workspace`, `dependencies`"},
        {"[workspace]\nexclude_newer = \"x\"", "unknown key `exclude_newer` in `workspace`", "2:1",
         "did you mean `exclude-newer`?"},
        {"[workspace]\nextras = []", "unknown key `extras`", "2:1", "known: `name`"},
        {"[targets.a]\nplatform = \"linux-64\"\ndrivers = \"535\"",
         "unknown key `drivers` in `targets.a`", "3:1", "did you mean `driver`?"},
        {"[pypi-dependencies]\na = { verison = \"1\" }",
         "unknown key `verison` in `pypi-dependencies.a`", "2:7", "did you mean `version`?"},
        {"[pypi-dependencies]\na = { file = \"x\" }", "unknown key `file`", "2:7",
         "`version`, `extras`, `marker`, `index`"},
        {"[constraints]\na = { extras = [] }", "unknown key `extras`", "2:7", "known: `version`"},
        {"[dependencies]\npython = { index = \"x\" }", "unknown key `index`", "2:12"},
        {"[indexes]\na = { uri = \"x\" }", "unknown key `uri`", "2:7", "did you mean `url`?"},
        {"[activation]\nenvironment = 1", "unknown key `environment`", "2:1",
         "known: `conda-scripts`, `env`"},
    });
}

TEST(Manifest, RefusesValuesOfTheWrongKind) {
    check({
        {"workspace = 1", "`workspace` must be a table, not a whole number", "1:13"},
        {"dependencies = []", "`dependencies` must be a table, not an array", "1:16"},
        {"[workspace]\nname = 1", "`name` must be a string", "2:8"},
        {"[pypi-dependencies]\na = 2.5", "must be a string, not a number", "2:5",
         "write \"==2.5\""},
        {"[pypi-dependencies]\na = []", "must be a string or a table, not an array", "2:5"},
        {"[pypi-dependencies]\na = true", "must be a string or a table, not a boolean", "2:5"},
        {"[pypi-dependencies]\na = { extras = \"x\" }", "must be an array, not a string", "2:16"},
        {"[pypi-dependencies]\na = { extras = [1] }", "must be a string, not a whole", "2:17"},
        {"[indexes]\na = { url = \"https://example.org\", explicit = 1 }",
         "must be true or false, not a whole number", "2:47"},
        {"[targets]\na = \"linux-64\"", "`targets.a` must be a table, not a string", "2:5"},
        {"[tasks]\na = { cmd = \"x\" }", "`tasks.a` must be a string, not a table", "2:5"},
        {"[activation]\nconda-scripts = 1", "`activation.conda-scripts` must be true or false",
         "2:17"},
        {"[activation.env]\nA = 1", "`activation.env.A` must be a string", "2:5"},
        {"a = ", "this is not valid TOML", "1:5"},
    });
}

TEST(Manifest, RefusesNamesThatAreNone) {
    check({
        {"[pypi-dependencies]\n\"a b\" = \"*\"", "\"a b\" in `pypi-dependencies` is no package's",
         "2:1"},
        {"[pypi-dependencies]\n-a = \"*\"", "\"-a\" in `pypi-dependencies`", "2:1"},
        {"[pypi-dependencies]\na = { extras = [\"-\"] }", "\"-\" is no extra's name", "2:17"},
        {"[overrides]\n\"\" = \"*\"", "\"\" in `overrides` is no package's name", "2:1"},
        {"[indexes]\n\"a/b\" = \"https://example.org\"", "\"a/b\" cannot name an index", "2:1"},
        {"[targets.\"..\"]\nplatform = \"linux-64\"", "\"..\" cannot name a target", "1:10"},
        {"[tasks]\n\"a b\" = \"x\"", "\"a b\" cannot name a task", "2:1"},
        {"[activation.env]\nA-B = \"x\"", "\"A-B\" is no environment variable's name", "2:1"},
        {"[activation.env]\n1A = \"x\"", "\"1A\" is no environment variable's name", "2:1"},
        {"[workspace]\nname = \" \"", "`name` must be 1 to 100 printable", "2:8"},
        {"[workspace]\nname = \"\\u001b[31m\"", "`name` must be 1 to 100 printable", "2:8"},
    });
}

TEST(Manifest, RefusesAPackageThatStandsTwiceAndNamesBothPlaces) {
    check({
        {"[pypi-dependencies]\nfoo-bar = \"*\"\na = \"*\"\nFoo_Bar = \"*\"",
         "`Foo_Bar` is `foo-bar` again in `pypi-dependencies`", "4:1",
         "the first is at envpm.toml:2:1"},
        {"[constraints]\na = \"1\"\nA = \"1\"", "`A` is `a` again in `constraints`", "3:1",
         "envpm.toml:2:1"},
        {"[overrides]\na = \"1\"\nA = \"1\"", "`A` is `a` again in `overrides`", "3:1"},
        {"[dependencies]\npython = \"1\"\nPython = \"1\"",
         "\"Python\" in `dependencies` is no conda package's name", "3:1", "lower-case letters"},
    });
}

TEST(Manifest, SaysWherePythonAndWheelsBelong) {
    check({
        {"[dependencies]\nffmpeg = \">=6\"",
         "`ffmpeg` is to come from a conda channel, and none is listed", "2:1",
         "add `channels = [\"conda-forge\"]` to `[workspace]`"},
        {"[pypi-dependencies]\npython = \"3.12.*\"", "`python` cannot be in `pypi-dependencies`",
         "2:1", "`[dependencies]`"},
        {"[constraints]\nPython = \"<4\"", "`python` cannot be in `constraints`", "2:1"},
        {"[overrides]\npython = \"<4\"", "`python` cannot be in `overrides`", "2:1"},
    });
}

TEST(Manifest, RefusesReferencesInPlaceOfVersions) {
    check({
        {"[pypi-dependencies]\na = \"https://example.org/a.whl\"", "not a reference", "2:5",
         "a wheel comes from an index"},
        {"[pypi-dependencies]\na = \"@ file:a.whl\"", "not a reference", "2:5"},
        {"[pypi-dependencies]\na = { path = \"../a\" }", "names a place by `path`", "2:7",
         "put the wheel on an index"},
        {"[pypi-dependencies]\na = \">=1\\n\"", "holds control characters", "2:5"},
    });
}

TEST(Manifest, RefusesIndexesThatCannotBe) {
    const auto index = [](const std::string& url) { return "[indexes]\na = \"" + url + "\""; };
    check({
        {index("https://user:secret@example.org/simple"), "must not hold credentials", "2:5",
         "~/.netrc"},
        {index("https://token@example.org/simple"), "must not hold credentials", "2:5"},
        {index("ftp://example.org"), "begins with `https://`", "2:5"},
        {index("HTTPS://example.org"), "begins with `https://`", "2:5"},
        {index("example.org/simple"), "begins with `https://`", "2:5",
         "as in `https://example.org/simple`"},
        {index("/srv/simple"), "begins with `https://`", "2:5", "write `file:///srv/simple`"},
        {index("git+https://example.org"), "begins with `https://`", "2:5"},
        {index(""), "begins with `https://`", "2:5"},
        {index("https:///simple"), "names no host", "2:5"},
        {index("https://:80/"), "names no host", "2:5"},
        {index("https://example.org/a b"), "printable ASCII", "2:5"},
        {index("https://example.org/simple?token=1"), "no query", "2:5"},
        {index("https://example.org/#a"), "no fragment", "2:5"},
        {index("file://wheels/simple"), "an absolute path", "2:5", "file:///srv"},
        {index("file://"), "an absolute path", "2:5"},
        {"[indexes]\na = { explicit = true }", "`url` is missing in `indexes.a`", "2:1"},
        {"[indexes]\na = { url = \"x\" }", "begins with", "2:13"},
    });
}

TEST(Manifest, NeverRepeatsAPasswordInItsComplaint) {
    for (const std::string scheme : {"https://", ""}) {
        try {
            parsed("[indexes]\na = \"" + scheme + "user:secret@example.org/simple\"");
            FAIL();
        } catch (const Error& error) {
            EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos);
        }
    }
}

TEST(Manifest, RefusesARequirementOfAnIndexThatIsNotDeclared) {
    check({
        {"[pypi-dependencies]\na = { index = \"cu182\" }\n[indexes]\ncu128 = "
         "\"https://example.org\"",
         "`a` names the index \"cu182\", which is not declared", "2:1", "did you mean `cu128`?"},
        {"[pypi-dependencies]\na = { index = \"x\" }", "which is not declared", "2:1",
         "known: `pypi`"},
    });
    EXPECT_EQ(parsed("pypi-dependencies.a.index = 'pypi'").pypi_dependencies[0].index, "pypi");
}

TEST(Manifest, RefusesTargetsTimesAndPoliciesThatAreNone) {
    check({
        {"[targets.a]", "`platform` is missing in `targets.a`", "1:10", "linux-64"},
        {"[targets.a]\nplatform = \"linux64\"", "unknown platform \"linux64\"", "2:12",
         "did you mean `linux-64`?"},
        {"[targets.a]\nplatform = \"linux-64\"\nglibc = \"2\"", "must be like `2.28`", "3:9"},
        {"[targets.a]\nplatform = \"linux-64\"\nglibc = 2.28", "must be a string, not a", "3:9"},
        {"[workspace]\nexclude-newer = \"2026-02-30\"", "must be a date", "2:17", "2026-11-01"},
        {"[workspace]\nexclude-newer = 2026-11-01T10:00:00", "with its offset", "2:17"},
        {"[workspace]\nprereleases = \"allows\"", "`prereleases` cannot be \"allows\"", "2:15",
         "did you mean `allow`?"},
        {"[tasks]\na = \" \\n\"", "`tasks.a` has no command", "2:5"},
        {"[tasks]\na = \"x\\u0000\"", "holds a NUL", "2:5"},
    });
}

TEST(Manifest, LooksAtTheVersionThatItNeedsBeforeAllElse) {
    check({
        {"[workspace]\nrequires-envpm = \">=99.1\"\n[from-the-future]",
         "the manifest needs envpm >=99.1, this is " ENVPM_VERSION, "2:18", "update envpm"},
        {"[workspace]\nrequires-envpm = \">=0.99999.0\"", "the manifest needs envpm", "2:18"},
        {"[workspace]\nrequires-envpm = \"0.1\"", "must be like `>=0.1`", "2:18"},
        {"[workspace]\nrequires-envpm = \">=0\"", "must be like `>=0.1`", "2:18"},
        {"[workspace]\nrequires-envpm = \">=0.1.2.3\"", "must be like `>=0.1`", "2:18"},
        {"[workspace]\nrequires-envpm = \">=0.1,<2\"", "must be like `>=0.1`", "2:18"},
        {"[workspace]\nrequires-envpm = \">=99999999999.1\"", "must be like `>=0.1`", "2:18"},
    });
    EXPECT_EQ(parsed("workspace.requires-envpm = '>= 0.0.1'").requires_envpm, ">= 0.0.1");
    EXPECT_EQ(parsed("workspace.requires-envpm = '>=" ENVPM_VERSION "'").requires_envpm,
              ">=" ENVPM_VERSION);
}

TEST(ManifestFile, IsFoundInTheNearestFolderAbove) {
    const TemporaryFolder root(std::filesystem::temp_directory_path());
    const std::filesystem::path deep = root.path() / "a" / "b";
    std::filesystem::create_directories(deep);
    write_file(root.path() / "pyproject.toml", "[tool.envpm]\n");
    EXPECT_EQ(find(deep), root.path() / "pyproject.toml");
    write_file(root.path() / "a" / "pyproject.toml", "[project]\nname = \"envpm-user\"\n");
    EXPECT_EQ(find(deep), root.path() / "pyproject.toml");
    write_file(root.path() / "envpm.toml", "");
    EXPECT_EQ(find(deep), root.path() / "envpm.toml");
    write_file(root.path() / "a" / "pyproject.toml", "[tool]\nenvpm = {}\n");
    EXPECT_EQ(find(deep), root.path() / "a" / "pyproject.toml");
}

TEST(ManifestFile, ThatIsNoFileIsFoundToBeToldWhenItIsRead) {
    const TemporaryFolder root(std::filesystem::temp_directory_path());
    write_file(root.path() / "envpm.toml", "");
    const std::filesystem::path folder = root.path() / "a" / "envpm.toml";
    std::filesystem::create_directories(folder);
    EXPECT_EQ(find(root.path() / "a"), folder);
    EXPECT_THAT([&] { read(folder, Platform::linux_64); },
                ::testing::Throws<Error>(
                    ::testing::Property(&Error::what, HasSubstr("a folder stands where"))));
    std::filesystem::create_directories(root.path() / "b" / "pyproject.toml");
    EXPECT_EQ(find(root.path() / "b"), root.path() / "envpm.toml") << "which is not envpm's own";
}

TEST(ManifestFile, IsReadOrSaidToBeMissing) {
    const TemporaryFolder root(std::filesystem::temp_directory_path());
    const std::filesystem::path file = root.path() / "envpm.toml";
    EXPECT_THAT([&] { read(file, Platform::linux_64); },
                ::testing::Throws<Error>(
                    ::testing::Property(&Error::what, HasSubstr("`envpm init` writes one"))));
    write_file(file, "[workspace]\nname = \"x\"\n");
    EXPECT_EQ(read(file, Platform::linux_64).name, "x");
}

} // namespace
} // namespace envpm::manifest
