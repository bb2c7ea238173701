#include "pypi/candidates.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pypi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

WheelFile wheel(const std::string& rest) {
    const std::string name = "demo-" + rest + ".whl";
    return {.file_name = name,
            .wheel = WheelName::parse(name).value(),
            .url = "https://files.example.org/" + name,
            .sha256 = std::nullopt,
            .size_bytes = std::nullopt,
            .requires_python = "",
            .upload_time = std::nullopt,
            .is_yanked = false,
            .has_metadata_file = false,
            .metadata_sha256 = std::nullopt};
}

WheelFile yanked(WheelFile file) {
    file.is_yanked = true;
    return file;
}

WheelFile needing(WheelFile file, const std::string& requires_python) {
    file.requires_python = requires_python;
    return file;
}

WheelFile uploaded(WheelFile file, const std::string& time) {
    file.upload_time = time;
    return file;
}

/// Two Pythons, 3.12 preferred.
CandidateRequest request() {
    return {.target = {},
            .pythons = {{PythonAbi{"cpython", 3, 11, "cp311"}, "3.11.7"},
                        {PythonAbi{"cpython", 3, 12, "cp312"}, "3.12.1"}},
            .exclude_newer = std::nullopt};
}

/// "release:file name without demo- and .whl:pythons".
std::vector<std::string> summary(const CandidateList& list) {
    std::vector<std::string> out;
    for (const WheelCandidate& candidate : list.wheels) {
        const std::string& name = candidate.file->file_name;
        std::string line =
            std::to_string(candidate.release) + ":" + name.substr(5, name.size() - 9) + ":";
        for (const std::size_t python : candidate.pythons) {
            line += std::to_string(python);
        }
        out.push_back(line);
    }
    return out;
}

TEST(Candidates, AreTheBestWheelOfEachVersionForEachPython) {
    const ProjectPage page = {
        {wheel("1.10-cp312-cp312-manylinux_2_17_x86_64"),
         wheel("1.10-cp312-cp312-manylinux_2_28_x86_64"),
         wheel("1.10-cp311-cp311-manylinux2014_x86_64"), wheel("1.10-py3-none-any"),
         wheel("1.10-cp312-cp312-manylinux_2_35_x86_64"), wheel("1.10-cp312-cp312-win_amd64"),
         wheel("1.9-py3-none-any"), wheel("1.9-cp310-abi3-manylinux_2_17_x86_64"),
         wheel("1.8-cp311-cp311-linux_x86_64")},
        {}};
    EXPECT_THAT(summary(candidates(page, request())),
                ElementsAre("2:1.8-cp311-cp311-linux_x86_64:0",
                            "1:1.9-cp310-abi3-manylinux_2_17_x86_64:01",
                            "0:1.10-cp311-cp311-manylinux2014_x86_64:0",
                            "0:1.10-cp312-cp312-manylinux_2_28_x86_64:1"));
}

TEST(Candidates, TakeTheHighestBuildAndNoYankedFileIfAnotherFits) {
    const ProjectPage page = {{wheel("1.0-2-py3-none-any"), wheel("1.0-10-py3-none-any"),
                               wheel("1.0-9z-py3-none-any"),
                               yanked(wheel("2.0-cp311-cp311-linux_x86_64")),
                               wheel("2.0-py2.py3-none-any"), yanked(wheel("3.0-py3-none-any"))},
                              {}};
    EXPECT_THAT(summary(candidates(page, request())),
                ElementsAre("2:1.0-10-py3-none-any:01", "1:2.0-py2.py3-none-any:01",
                            "0:3.0-py3-none-any:01"));
}

TEST(Candidates, DoNotDependOnThePagesOrder) {
    ProjectPage page = {{wheel("1.0-py3-none-any"), wheel("1.0.0-py3-none-any"),
                         wheel("1.0-1-py3-none-any"), wheel("1.0-cp312-cp312-linux_x86_64"),
                         wheel("2.0-py3-none-any")},
                        {}};
    const std::vector<std::string> expected = summary(candidates(page, request()));
    EXPECT_EQ(expected.size(), 3U);
    std::sort(page.wheels.begin(), page.wheels.end(),
              [](const WheelFile& a, const WheelFile& b) { return a.file_name < b.file_name; });
    do {
        EXPECT_EQ(summary(candidates(page, request())), expected);
    } while (std::next_permutation(
        page.wheels.begin(), page.wheels.end(),
        [](const WheelFile& a, const WheelFile& b) { return a.file_name < b.file_name; }));
}

TEST(Candidates, OnlyForThePythonsThatTheWheelAllows) {
    const ProjectPage page = {{needing(wheel("1.0-py3-none-any"), ">=3.12"),
                               needing(wheel("2.0-py3-none-any"), ">=3.6.*"),
                               needing(wheel("3.0-py3-none-any"), "nonsense"),
                               needing(wheel("4.0-py3-none-any"), ">=3.13")},
                              {}};
    const CandidateList list = candidates(page, request());
    EXPECT_THAT(summary(list), ElementsAre("2:1.0-py3-none-any:1", "1:2.0-py3-none-any:01",
                                           "0:3.0-py3-none-any:01"));
    EXPECT_THAT(list.exclusions.other_python, ElementsAre("4.0"));
}

TEST(Candidates, NewerOnesAreExcluded) {
    CandidateRequest asked = request();
    const ProjectPage page = {{uploaded(wheel("1.0-py3-none-any"), "2026-11-01T23:00:00Z"),
                               uploaded(wheel("2.0-py3-none-any"), "2026-11-02T00:00:01Z"),
                               uploaded(wheel("3.0-py3-none-any"), "2026-11-02T01:00:00+02:00"),
                               wheel("4.0-py3-none-any")},
                              {}};
    asked.exclude_newer = "2026-11-01";
    const CandidateList list = candidates(page, asked);
    EXPECT_THAT(summary(list), ElementsAre("2:1.0-py3-none-any:01", "1:3.0-py3-none-any:01",
                                           "0:4.0-py3-none-any:01"));
    EXPECT_THAT(list.exclusions.too_new, ElementsAre("2.0"));
    asked.exclude_newer = "2026-11-01T23:00:00Z";
    EXPECT_EQ(candidates(page, asked).wheels.size(), 3U);
    asked.exclude_newer = "soon";
    EXPECT_THROW(candidates(page, asked), Error);
}

TEST(Candidates, ExplainTheVersionsThatHaveNone) {
    ProjectPage page = {{wheel("1.0-py3-none-any"), wheel("7.0-cp312-cp312-win_amd64"),
                         needing(wheel("7.0-cp312-cp312-linux_x86_64"), "<3.12")},
                        {"0.1", "0.2", "1.0.0", "8.0"}};
    for (int minor = 0; minor < 8; ++minor) {
        page.wheels.push_back(wheel("2." + std::to_string(minor) + "-cp27-none-any"));
    }
    const CandidateList list = candidates(page, request());
    EXPECT_THAT(summary(list), ElementsAre("0:1.0-py3-none-any:01"));
    EXPECT_THAT(list.exclusions.no_matching_tag, ElementsAre("2.7", "2.6", "2.5", "2.4", "2.3"));
    EXPECT_THAT(list.exclusions.other_tags, ElementsAre("cp27-none-any"));
    EXPECT_THAT(list.exclusions.other_python, ElementsAre("7.0")) << "the nearest reason";
    EXPECT_THAT(list.exclusions.only_sdist, ElementsAre("8.0", "0.2", "0.1"));
    EXPECT_THAT(candidates({}, request()).wheels, IsEmpty());
}

TEST(Candidates, NameTheTagsOfTheNewestVersionThatHasNoneThatFits) {
    const CandidateList list =
        candidates({{wheel("2.0-cp311-cp311-win_amd64"), wheel("1.0-py3-none-win32"),
                     wheel("2.0-1-cp311-cp311-macosx_11_0_arm64")},
                    {}},
                   request());
    EXPECT_THAT(list.exclusions.other_tags,
                ElementsAre("cp311-cp311-macosx_11_0_arm64", "cp311-cp311-win_amd64"));
}

TEST(Candidates, DoNotDependOnThePagesOrderWhereAFileIsListedTwice) {
    WheelFile one = wheel("1.0-py3-none-any");
    WheelFile other = one;
    one.sha256 = sha256_of("one");
    other.sha256 = sha256_of("other");
    const ProjectPage page = {{one, other}, {}};
    const ProjectPage turned = {{other, one}, {}};
    EXPECT_EQ(candidates(page, request()).wheels.at(0).file->sha256,
              candidates(turned, request()).wheels.at(0).file->sha256);
}

TEST(Matching, KeepsToThePolicyOfPrereleases) {
    const ProjectPage page = {{wheel("1.0-py3-none-any"), wheel("2.0rc1-py3-none-any"),
                               wheel("2.0-py3-none-any"), wheel("3.0.dev1-py3-none-any")},
                              {}};
    const std::vector<WheelCandidate> wheels = candidates(page, request()).wheels;

    struct Case {
        std::string specifier;
        Prereleases prereleases;
        bool names_prerelease;
        std::vector<std::size_t> expected;
    };

    const Prereleases if_necessary = Prereleases::if_necessary;
    const std::vector<Case> cases = {
        {"", if_necessary, false, {0, 2}},
        {"", if_necessary, true, {0, 1, 2, 3}},
        {"", Prereleases::allow, false, {0, 1, 2, 3}},
        {"", Prereleases::never, true, {0, 2}},
        {">=1.5", if_necessary, false, {2}},
        {">=2.0rc1", if_necessary, false, {1, 2, 3}},
        {">=2.0rc1", Prereleases::never, false, {2}},
        {">2.0", if_necessary, false, {3}},
        {">2.0", Prereleases::never, false, {}},
        {"==2.0rc1", if_necessary, false, {1}},
        {">=4", if_necessary, false, {}},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(
            matching(wheels, SpecifierSet::parse(c.specifier), c.prereleases, c.names_prerelease),
            c.expected)
            << c.specifier;
    }
}

TEST(Matching, ChoosesYankedFilesForAPinOnly) {
    const ProjectPage page = {
        {wheel("1.0-py3-none-any"), yanked(wheel("2.0-py3-none-any")), wheel("3.0a1-py3-none-any")},
        {}};
    const std::vector<WheelCandidate> wheels = candidates(page, request()).wheels;
    const auto match = [&](const char* specifier) {
        return matching(wheels, SpecifierSet::parse(specifier), Prereleases::if_necessary, false);
    };
    EXPECT_THAT(match(""), ElementsAre(0));
    EXPECT_THAT(match("==2.0"), ElementsAre(1));
    EXPECT_THAT(match("==2.*"), IsEmpty());
    EXPECT_THAT(match(">=2"), ElementsAre(2)) << "a yanked stable one does not count as fitting";
    EXPECT_THAT(candidates(page, request()).exclusions.yanked, ElementsAre("2.0"));
    EXPECT_THAT(matching(wheels, SpecifierSet::parse(">=1"), Prereleases::if_necessary, false,
                         {SpecifierSet::parse("==2.0")}),
                ElementsAre(0, 1))
        << "pinned elsewhere";
}

} // namespace
} // namespace envpm::pypi
