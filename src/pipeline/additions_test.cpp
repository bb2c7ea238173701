#include "pipeline/additions.h"

#include "base/error.h"
#include "manifest/read.h"
#include "manifest/requirement_text.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pipeline {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* channel =
    "[workspace]\nname = \"x\"\nchannels = [\"https://example.org/c\"]\n";
constexpr const char* plain_manifest = "[workspace]\nname = \"x\"\n";

std::vector<std::string> read(const std::vector<std::string>& typed,
                              const std::string& manifest = plain_manifest,
                              bool as_wheels = false) {
    const AddRequest request{{}, typed, std::nullopt, as_wheels};
    const Manifest parsed = manifest::parse(manifest, "/x/envpm.toml", Platform::linux_64);
    std::vector<std::string> out;
    for (const manifest::Addition& addition : read_additions(request, parsed)) {
        const ManifestRequirement& requirement = addition.requirement;
        out.push_back(
            addition.is_conda
                ? fmt::format("conda {} {}{}{}", requirement.name.string(), requirement.specifier,
                              addition.build.empty() ? "" : " [" + addition.build + "]",
                              requirement.index ? " from " + *requirement.index : "")
                : manifest::requirement_text(requirement) +
                      (requirement.index ? " from " + *requirement.index : std::string()));
    }
    return out;
}

std::string complaint(const std::vector<std::string>& typed,
                      const std::string& manifest = plain_manifest) {
    try {
        return read(typed, manifest).front();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        return error.what();
    }
}

TEST(TypedRequirements, OfOneNameAreJoinedWhereTheFirstStood) {
    EXPECT_THAT(read({"numpy>=1.20", "alpha", "numpy<2", "NumPy!=1.25"}),
                ElementsAre("numpy!=1.25, <2, >=1.20", "alpha"));
    EXPECT_THAT(read({"a", "a>=1"}), ElementsAre("a>=1"));
    EXPECT_THAT(read({"a>=1", "a"}), ElementsAre("a>=1"));
    EXPECT_THAT(read({"a>=1", "a>=1"}), ElementsAre("a>=1"));
    EXPECT_THAT(read({"a", "a"}), ElementsAre("a"));
}

TEST(TypedRequirements, HaveTheirExtrasUnited) {
    EXPECT_THAT(read({"a[y]>=1", "a[x,y]<2"}), ElementsAre("a[x,y]<2, >=1"));
    EXPECT_THAT(read({"a[x]", "a<2"}), ElementsAre("a[x]<2"));
}

TEST(TypedRequirements, AreJoinedIfTheirMarkersSayTheSame) {
    EXPECT_THAT(read({"a>=1; os_name=='posix'", "a<2 ; (os_name == \"posix\")"}),
                ElementsAre("a<2, >=1; os_name == \"posix\""));
    EXPECT_THAT(complaint({"a>=1; os_name == 'posix'", "a<2; os_name == 'nt'"}),
                AllOf(HasSubstr("`a>=1; os_name == 'posix'` and `a<2; os_name == 'nt'` cannot be "
                                "one requirement: their markers differ"),
                      HasSubstr("give both the same marker")));
    EXPECT_THAT(complaint({"a>=1", "a<2; os_name == 'nt'"}), HasSubstr("their markers differ"));
}

TEST(TypedRequirements, KeepWhatTheEntryHasAndTheyDoNotName) {
    const std::string manifest = std::string(plain_manifest) +
                                 "[indexes]\nown = \"https://example.org/simple\"\n"
                                 "[pypi-dependencies]\n"
                                 "a = { version = \"<9\", extras = [\"e\"], marker = "
                                 "\"os_name=='posix'\", index = \"own\" }\n";
    EXPECT_THAT(read({"a>=1", "a<2"}, manifest),
                ElementsAre("a[e]<2, >=1; os_name=='posix' from own"));
    EXPECT_THAT(read({"a[x]>=1", "a<2"}, manifest),
                ElementsAre("a[x]<2, >=1; os_name=='posix' from own"));
    EXPECT_THAT(read({"a>=1; os_name == 'posix'", "a<2"}, manifest),
                ElementsAre("a[e]<2, >=1; os_name=='posix' from own"));
    EXPECT_THAT(complaint({"a>=1; os_name == 'nt'", "a<2"}, manifest),
                HasSubstr("their markers differ"));
}

TEST(TypedRequirements, KeepTheVersionThatTheEntryHasIfTheyNameNone) {
    const std::string manifest = std::string(plain_manifest) + "[pypi-dependencies]\n"
                                                               "a = \"==1.0\"\nb = \"*\"\n";
    EXPECT_THAT(read({"a", "b", "c"}, manifest), ElementsAre("a==1.0", "b", "c"));
    EXPECT_THAT(read({"a[x]", "a>=2"}, manifest), ElementsAre("a[x]>=2"));
    EXPECT_THAT(read({"a[x]"}, manifest), ElementsAre("a[x]==1.0"));
    const std::string of_conda = std::string(channel) + "[dependencies]\nn = \"2.*\"\n";
    EXPECT_THAT(read({"n", "m"}, of_conda), ElementsAre("conda n 2.*", "conda m "));
}

TEST(TypedRequirements, KeepBuildAndChannelOfACondaPackage) {
    const std::string manifest = std::string(channel) +
                                 "[channels]\nlab = \"https://example.org/lab\"\n[dependencies]\n"
                                 "a = { version = \"2.*\", build = \"h*\", channel = \"lab\" }\n"
                                 "b = { channel = \"lab\" }\n"
                                 "c = \">=1 *cuda*\"\n"
                                 "d = { build = \"h*\" }\n";
    EXPECT_THAT(read({"a", "b", "c", "d"}, manifest),
                ElementsAre("conda a 2.* [h*] from lab", "conda b  from lab", "conda c >=1 *cuda*",
                            "conda d  [h*]"));
    EXPECT_THAT(read({"a>=3", "b>=3", "c>=3", "d>=3"}, manifest),
                ElementsAre("conda a >=3 [h*] from lab", "conda b >=3 from lab",
                            "conda c >=3 *cuda*", "conda d >=3 [h*]"));
    EXPECT_THAT(read({"a * g*", "b * g*", "c>=3 g*", "d * g*"}, manifest),
                ElementsAre("conda a 2.* g* from lab", "conda b * g* from lab", "conda c >=3 g*",
                            "conda d * g*"));
}

/// As `pyproject.toml` reads with these lists.
std::vector<std::string> read_beside(const std::string& in_project, const std::string& beside,
                                     const std::string& typed) {
    const std::string text = "[project]\nname = \"v\"\ndependencies = [" + in_project +
                             "]\n[tool.envpm.indexes]\nlab = \"https://example.org/s\"\n"
                             "[tool.envpm.pypi-dependencies]\n" +
                             beside + "\n";
    const Manifest manifest = manifest::parse(text, "/x/pyproject.toml", Platform::linux_64);
    const AddRequest request{{}, {typed}, std::nullopt, false};
    const manifest::Addition addition = read_additions(request, manifest).at(0);
    const auto before = entry_before(addition, manifest);
    const auto text_of = [](const manifest::Addition& one) {
        return manifest::requirement_text(one.requirement) + " from " +
               one.requirement.index.value_or("any");
    };
    return {before ? text_of(*before) : "", text_of(addition)};
}

TEST(TypedRequirements, KeepWhatAnEntrySaysInTwoTables) {
    const std::string index = "a = { index = \"lab\" }";
    EXPECT_THAT(read_beside("'a<2'", index, "a"), ElementsAre("a<2 from lab", "a<2 from lab"));
    EXPECT_THAT(read_beside("'a[x]<2'", "a = { version = '>=1', extras = ['y'] }", "a"),
                ElementsAre("a[x,y]<2, >=1 from any", "a[x,y]<2, >=1 from any"));
    EXPECT_THAT(read_beside("'a[x]<2'", index, "a>=3"),
                ElementsAre("a[x]<2 from lab", "a[x]>=3 from lab"));
    const std::string both = "\"a<2; os_name == 'nt'\", \"a>=2; os_name == 'posix'\"";
    EXPECT_THAT(read_beside(both, index, "a; os_name == 'nt'"),
                ElementsAre("a<2; os_name == 'nt' from lab", "a<2; os_name == 'nt' from lab"));
    EXPECT_THAT(read_beside(both, index, "a"), ElementsAre("", "a from lab"));
}

TEST(TypedRequirements, KeepNoMarkerWhereTheManifestHasSeveral) {
    const std::string text = "[project]\nname = \"v\"\ndependencies = [\"a<2; os_name == 'nt'\", "
                             "\"a>=2; os_name == 'posix'\"]\n[tool.envpm]\n";
    const Manifest manifest = manifest::parse(text, "/x/pyproject.toml", Platform::linux_64);
    const AddRequest request{{}, {"a>=3"}, std::nullopt, false};
    EXPECT_EQ(read_additions(request, manifest).at(0).requirement.marker, "");
}

TEST(TypedRequirements, OfCondaPackagesAreJoinedInTheirLanguage) {
    EXPECT_THAT(read({"numpy>=1.20", "numpy<2"}, channel), ElementsAre("conda numpy >=1.20,<2"));
    EXPECT_THAT(read({"numpy=1.26|2.*", "numpy!=2.1"}, channel),
                ElementsAre("conda numpy (1.26.*|2.*),!=2.1"));
    EXPECT_THAT(read({"numpy", "numpy <2 *cuda*", "numpy >=1"}, channel),
                ElementsAre("conda numpy <2,>=1 *cuda*"));
    EXPECT_THAT(read({"numpy", "numpy"}, channel), ElementsAre("conda numpy "));
    EXPECT_THAT(read({"numpy<2", "numpy<2"}, channel), ElementsAre("conda numpy <2"));
    EXPECT_THAT(read({"a>=1", "a<2"}, channel, true), ElementsAre("a<2, >=1"));
    EXPECT_THAT(complaint({"numpy * *cuda*", "numpy * *cpu*"}, channel),
                HasSubstr("`numpy * *cuda*` and `numpy * *cpu*` cannot be one requirement: their "
                          "builds differ"));
}

TEST(TypedRequirements, HaveTheirVersionInTheSameWord) {
    EXPECT_THAT(complaint({"alpha", "2.0"}),
                AllOf(HasSubstr("`2.0` looks like a version"), HasSubstr("`alpha==2.0`")));
    EXPECT_THAT(complaint({"b", "alpha[x]", "2"}), HasSubstr("did you mean `alpha[x]==2`?"));
    EXPECT_THAT(complaint({"alpha", "2.0"}, channel), HasSubstr("did you mean `alpha==2.0`?"));
    EXPECT_THAT(complaint({"alpha", ">=2,<3"}),
                AllOf(HasSubstr("`>=2,<3` looks like"), HasSubstr("did you mean `alpha>=2,<3`?")));
    EXPECT_THAT(read({"2.0", "alpha"}), ElementsAre("2-0", "alpha")); // by its form it is a name
    EXPECT_THAT(read({"alpha>=1", "2048"}), ElementsAre("alpha>=1", "2048"));
}

TEST(TypedRequirements, NameAnIndexThatTheManifestHas) {
    const Manifest manifest = manifest::parse(
        std::string(plain_manifest) + "[indexes]\nlocal = \"https://example.org/simple\"\n",
        "/x/envpm.toml", Platform::linux_64);
    const auto failure = [&](const std::string& index) {
        try {
            (void)read_additions({{}, {"a"}, index, false}, manifest);
            return std::string();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ExitCode::usage);
            return std::string(error.what());
        }
    };
    EXPECT_EQ(failure("local"), "");
    EXPECT_EQ(failure("pypi"), "");
    EXPECT_THAT(failure("lcoal"), HasSubstr("no index `lcoal`: --index (did you mean `local`?)"));
    EXPECT_THAT(failure("else"), HasSubstr("under `[indexes]`"));
}

} // namespace
} // namespace envpm::pipeline
