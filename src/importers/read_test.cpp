#include "importers/read.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::importers {

namespace {

/// A file that is refused: where, why, and what to do.
struct BadFile {
    std::string file;
    std::string text;
    std::string place;
    std::string what;
    std::string hint;
};

void expect_refused(const BadFile& bad) {
    try {
        read(bad.text, bad.file);
        ADD_FAILURE() << "accepted: " << bad.text;
    } catch (const Error& error) {
        EXPECT_EQ(error.text().subject, bad.place) << bad.text;
        EXPECT_THAT(error.text().what, testing::HasSubstr(bad.what)) << bad.text;
        EXPECT_THAT(error.text().hint, testing::HasSubstr(bad.hint)) << bad.text;
    }
}

} // namespace

TEST(Import, RefusesWhatIsNoneOfItsFiles) {
    const std::vector<BadFile> files = {
        {"requirements.txt", "numpy==1.0\n", "requirements.txt", "no file that envpm can import",
         "envpm add -r"},
        {"pixi.lock", "version: 6\n", "pixi.lock", "no file", "import the pixi.toml"},
        {"a.yml", "services: {}\n", "a.yml", "no file", "has `dependencies`"},
        {"Cargo.toml", "[package]\nname = \"a\"\n", "Cargo.toml", "no file", "[workspace]"},
        {"pyproject.toml", "[project]\nname = \"a\"\n", "pyproject.toml", "no `[tool.pixi]`",
         "[tool.envpm]"},
    };
    for (const BadFile& file : files) {
        expect_refused(file);
    }
}

TEST(Import, NamesThePlaceOfWhatIsWrongInAnEnvironmentYml) {
    const std::vector<BadFile> files = {
        {"e.yml", "dependencies: [", "e.yml:2:1", "not valid YAML", ""},
        {"e.yml", "name: []\ndependencies: []\n", "e.yml:1:7", "`name` must be a text, not a list",
         ""},
        {"e.yml", "name:\ndependencies: []\n", "e.yml:1:1", "`name` must be a text, not nothing",
         "leave the line out"},
        {"e.yml", "dependencies: a\n", "e.yml:1:15", "`dependencies` must be a list, not a text",
         ""},
        {"e.yml", "dependencies:\n  - [a]\n", "e.yml:2:5", "must be a text, not a list", ""},
        {"e.yml", "channels: {a: b}\ndependencies: []\n", "e.yml:1:11",
         "`channels` must be a list, not a map", ""},
        {"e.yml", "dependencies:\n  - pip: numpy\n", "e.yml:2:10", "`pip` must be a list", ""},
        {"e.yml", "dependencies:\n  - pip:\n    - {a: b}\n", "e.yml:3:7", "`pip` must be a text",
         ""},
        {"e.yml", "dependencies: []\nvariables: [A]\n", "e.yml:2:12", "`variables` must be a map",
         ""},
        {"e.yml", "dependencies: [*a]\n", "e.yml:1:16", "has the anchor `a`", ""},
    };
    for (const BadFile& file : files) {
        expect_refused(file);
    }
}

TEST(Import, NamesTheLineOfWhatIsWrongInAnExplicitList) {
    const std::string url = "https://c.example.org/forge/linux-64/a-1.0-0.conda";
    const std::vector<BadFile> files = {
        {"e.txt", url + "\n@EXPLICIT\n", "e.txt:1", "before `@EXPLICIT`", "be the first line"},
        {"e.txt", "@EXPLICIT\n\nnumpy=1.0\n", "e.txt:3", "`numpy=1.0` is no URL of a package",
         "a line is as"},
        {"e.txt", "@EXPLICIT\n/opt/pkgs/a-1.0-0.conda\n", "e.txt:2", "is no URL of a package",
         "a line is as"},
        {"e.txt", "# platform: osx-arm64\n@EXPLICIT\n", "e.txt:1",
         "the list is for platform `osx-arm64`", "linux-64 or linux-aarch64"},
        {"e.txt", "@EXPLICIT\nhttps://u:secret@c.example.org/a\n", "e.txt:2",
         "`https://c.example.org/a` is no URL", "a line is as"},
    };
    for (const BadFile& file : files) {
        expect_refused(file);
    }
}

TEST(Import, NamesThePlaceOfWhatIsWrongInACondaLock) {
    const std::string head = "version: 1\nmetadata: {channels: [], platforms: []}\npackage:\n";
    const std::vector<BadFile> files = {
        {"c.yml", "metadata: {}\npackage: []\n", "c.yml:1:1", "no conda-lock.yml of version 1",
         "lock again"},
        {"c.yml", "version: 2\nmetadata: {}\npackage: []\n", "c.yml:1:10", "of version 1",
         "lock again"},
        {"c.yml", head + "- {name: a}\n", "c.yml:4:3", "has no `platform`", "lock again"},
        {"c.yml", head + "- {name: a, platform: linux-64, manager: conda}\n", "c.yml:4:3",
         "has no `url`", "lock again"},
        {"c.yml", head + "- {name: a, platform: linux-64, manager: conda, url: x}\n", "c.yml:4:54",
         "`x` is no URL of a package", "it is as"},
    };
    for (const BadFile& file : files) {
        expect_refused(file);
    }
}

TEST(Import, NamesThePlaceOfWhatIsWrongInAPixiManifest) {
    const std::string head = "[workspace]\nname = \"a\"\n";
    const std::vector<BadFile> files = {
        {"pixi.toml", "[workspace\n", "pixi.toml:1:11", "not valid TOML", ""},
        {"pixi.toml", "[workspace]\nchannels = [{ priority = 1 }]\n", "pixi.toml:2:13",
         "`channel` is missing", "as in"},
        {"pixi.toml", head + "[dependencies]\na = 1\n", "pixi.toml:4:5", "must be a string", ""},
        {"pixi.toml", head + "[dependencies]\na = { version = \"'1'\" }\n", "pixi.toml:4:17",
         "holds a quote", "leave out"},
        {"pixi.toml", head + "[tasks]\na = 1\n", "pixi.toml:4:5", "must be a table", ""},
    };
    for (const BadFile& file : files) {
        expect_refused(file);
    }
}

TEST(Import, KnowsAnExplicitListByItsMarkAndNotByItsName) {
    const Imported imported = read("# platform: linux-64\r\n@EXPLICIT\r\n", "spec-file.yml");
    ASSERT_EQ(imported.targets.size(), 1U);
    EXPECT_EQ(imported.targets[0].name, "linux-64");
}

} // namespace envpm::importers
