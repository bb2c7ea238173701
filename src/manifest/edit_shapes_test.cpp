// What must hold for every edit of every shape that a table can have: the file then says what it
// said before and the change, all other bytes are the same, and removing what was added gives the
// old file.

#include "manifest/edit.h"
#include "manifest/read.h"
#include "manifest/requirement_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace envpm::manifest {
namespace {

std::string text_of(const ManifestRequirement& requirement) {
    ManifestRequirement shown = requirement;
    if (shown.specifier.empty()) {
        shown.specifier = "*";
    }
    return requirement_text(shown) + " from " + requirement.index.value_or("any");
}

using Meaning = std::multiset<std::string>;

/// Everything that the manifest says, but for places.
Meaning meaning_of(const std::string& text, const std::string& file) {
    const Manifest manifest = parse(text, "/projects/" + file, Platform::linux_64);
    Meaning out = {"name " + manifest.name, "newer " + manifest.exclude_newer.value_or("")};
    for (const CondaRequirement& requirement : manifest.dependencies) {
        out.insert("conda " + requirement.name.string() + requirement.specifier);
    }
    for (const ManifestRequirement& requirement : manifest.pypi_dependencies) {
        out.insert("wheel " + text_of(requirement));
    }
    for (const Task& task : manifest.tasks) {
        out.insert("task " + task.name + task.command);
    }
    for (const IndexEntry& index : manifest.indexes) {
        out.insert("index " + index.name + index.url);
    }
    return out;
}

struct Shape {
    std::string file;
    std::string text;
};

/// Each shape with LF and CRLF, and with and without a last line break.
std::vector<Shape> all_shapes() {
    const std::vector<Shape> plain = {
        {"envpm.toml", "[pypi-dependencies]\n"},
        {"envpm.toml", "[pypi-dependencies] # wheels\n\n# none yet\n"},
        {"envpm.toml", "[pypi-dependencies]\nbeta = \"*\"\nzeta = '>=1' # z\n"},
        {"envpm.toml",
         "[pypi-dependencies]\nzeta = \"*\"\n\n# then\nbeta = \">=1\"\n\n[tasks]\nt = \"x\"\n"},
        {"envpm.toml", "[pypi-dependencies]\n\t\"beta\" = \"*\"\n\t'zeta'={version=\"1\"}\n"},
        {"envpm.toml",
         "[pypi-dependencies]\nbeta.version = \"1\"\nbeta.extras = [\"x\"]\nzeta = \"*\"\n"},
        {"envpm.toml",
         "[pypi-dependencies]\nbeta = { version = \"1\", extras = [\n  \"x\", # x\n] } # b\n"},
        {"envpm.toml", "[ pypi-dependencies ]\n[pypi-dependencies.zeta]\nversion = \"1\"\n"},
        {"envpm.toml", "pypi-dependencies = {}\n"},
        {"envpm.toml", "pypi-dependencies = { beta = \"1\" }\n[tasks]\nt = \"x\"\n"},
        {"envpm.toml", "pypi-dependencies = {beta = \"1\", zeta.version = \"2\"} # inline\n"},
        {"envpm.toml", "pypi-dependencies.beta = \"*\"\npypi-dependencies.zeta = \"*\"\n[tasks]\n"},
        {"envpm.toml",
         "[tasks]\nt = '''\n[pypi-dependencies]\nbeta = \"*\"\n'''\n\n[pypi-dependencies]\n"},
        {"envpm.toml", "[tasks]\nt = \"\"\"a\\\"\"\"\"\n[pypi-dependencies]\nzeta = \"*\"\n"},
        {"envpm.toml", "\"pypi-dependencies\".\"zeta\" = \"\\u003e=1\"\n"},
        {"pyproject.toml", "[project]\nname = \"v\"\ndependencies = []\n"},
        {"pyproject.toml", "[project]\nname = \"v\"\ndependencies = [\"beta\", 'zeta>=1'] # two\n"},
        {"pyproject.toml",
         "[project]\nname = \"v\"\ndependencies = [ \"zeta\", \"beta\", ]\n[tasks]\n"},
        {"pyproject.toml",
         "[project]\nname = \"v\"\ndependencies = [\n  \"beta\", # ]\n  \"zeta\"\n]\n"},
        {"pyproject.toml",
         "[project]\nname = \"v\"\ndependencies = [\n\t'beta',\n\t'zeta', # z\n]\n"},
        {"pyproject.toml", "[project]\nname = \"v\"\ndependencies = [\n  # none\n]\n"},
        {"pyproject.toml",
         "[project]\nname = \"v\"\ndependencies = [\n    'beta'\n  , 'zeta'\n]\n"},
        {"pyproject.toml", "[project]\nname = \"v\"\ndependencies = ['beta',\n'zeta']\n"},
        {"pyproject.toml",
         "[project]\nname = \"v\"\ndependencies = [\n'alpha', 'beta',\n'zeta', ]\n"},
        {"pyproject.toml", "[project]\nname = \"v\"\ndependencies = [\n  '''zeta[x]''',\n]\n"},
        {"pyproject.toml", "project = { name = \"v\", dependencies = [\"beta\"] }\n"},
        {"pyproject.toml", "[tool]\nenvpm.pypi-dependencies = { beta = \"*\" }\n"},
        {"pyproject.toml", "[tool.envpm]\npypi-dependencies.zeta = \"*\"\n"},
        {"pyproject.toml", "[tool.envpm.pypi-dependencies]\nbeta = \"*\"\n"},
    };
    std::vector<Shape> out;
    for (const Shape& shape : plain) {
        std::string returns;
        for (const char c : shape.text) {
            returns += c == '\n' ? std::string("\r\n") : std::string(1, c);
        }
        out.push_back(shape);
        out.push_back({shape.file, shape.text.substr(0, shape.text.size() - 1)});
        out.push_back({shape.file, returns});
        out.push_back({shape.file, returns.substr(0, returns.size() - 2)});
    }
    return out;
}

const std::vector<std::string>& requirements() {
    static const std::vector<std::string> texts = {"alphabet>=1",
                                                   "middle[x,y]~=2.0; os_name == \"posix\"", "zzz"};
    return texts;
}

TEST(EveryShape, SaysWhatItSaidAndTheAddition) {
    for (const Shape& shape : all_shapes()) {
        for (const std::string& requirement : requirements()) {
            SCOPED_TRACE(fmt::format("adding {} to {}:\n{}", requirement, shape.file, shape.text));
            const Addition addition{split_requirement(requirement, {})};
            const std::string after = with_requirement(shape.text, shape.file, addition);
            Meaning expected = meaning_of(shape.text, shape.file);
            expected.insert("wheel " + text_of(addition.requirement));
            EXPECT_EQ(meaning_of(after, shape.file), expected) << after;
        }
    }
}

TEST(EveryShape, IsTheOldFileAgainWhenTheAdditionIsRemoved) {
    for (const Shape& shape : all_shapes()) {
        for (const std::string& requirement : requirements()) {
            const Addition addition{split_requirement(requirement, {})};
            const std::string after = with_requirement(shape.text, shape.file, addition);
            EXPECT_EQ(without_requirement(after, shape.file, addition.requirement.name), shape.text)
                << "after adding " << requirement << ":\n"
                << after;
        }
    }
}

TEST(EveryShape, KeepsItsBytesAroundTheAddition) {
    for (const Shape& shape : all_shapes()) {
        const Addition addition{split_requirement("middle", {})};
        const std::string after = with_requirement(shape.text, shape.file, addition);
        std::size_t kept = 0;
        for (const char c : after) {
            kept += kept < shape.text.size() && c == shape.text[kept] ? 1U : 0U;
        }
        EXPECT_EQ(kept, shape.text.size()) << after;
        EXPECT_EQ(after.find('\r') == std::string::npos,
                  shape.text.find('\r') == std::string::npos);
        EXPECT_EQ(std::count(after.begin(), after.end(), '\r') > 0
                      ? std::count(after.begin(), after.end(), '\r')
                      : std::count(after.begin(), after.end(), '\n'),
                  std::count(after.begin(), after.end(), '\n'));
    }
}

TEST(EveryShape, SaysTheNewRequirementInPlaceOfTheOldOne) {
    for (const Shape& shape : all_shapes()) {
        for (const char* requirement : {"beta==7", "Zeta[q]==8"}) {
            SCOPED_TRACE(shape.text);
            const Addition addition{split_requirement(requirement, {})};
            const PackageName& name = addition.requirement.name;
            const std::string after = with_requirement(shape.text, shape.file, addition);
            Meaning expected;
            for (const std::string& said : meaning_of(shape.text, shape.file)) {
                if (said.find("wheel " + name.string()) != 0) {
                    expected.insert(said);
                }
            }
            const Meaning others = expected;
            expected.insert("wheel " + text_of(addition.requirement));
            EXPECT_EQ(meaning_of(after, shape.file), expected) << after;
            EXPECT_EQ(meaning_of(without_requirement(after, shape.file, name), shape.file), others);
        }
    }
}

} // namespace
} // namespace envpm::manifest
