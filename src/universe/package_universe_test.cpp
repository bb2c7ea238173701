#include "universe/package_universe.h"

#include "universe/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::universe {
namespace {

using test::FakeIndexes;
using test::python_of;
using test::World;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string universe_start = "[workspace]\nname = \"demo\"\n";

std::string universe_asking_for(const std::string& requirements) {
    return universe_start + "[pypi-dependencies]\n" + requirements;
}

TEST(PackageUniverse, TakesTheNewestThatFitsAndWhatItNeeds) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl"}, {"alpha-2.0-py3-none-any.whl", {"beta<2"}}});
    indexes.add("pypi", "beta", {{"beta-1.5-py3-none-any.whl"}, {"beta-2.0-py3-none-any.whl"}});
    EXPECT_THAT(World(indexes, universe_asking_for("alpha = \"*\"\n")).chosen(),
                ElementsAre("alpha 2.0", "beta 1.5", "python 3.11.1"));
}

TEST(PackageUniverse, TakesWhatAnEarlierOneFound) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", {{"alpha-1.0-py3-none-any.whl"}, {"alpha-2.0-py3-none-any.whl"}});
    World world(indexes, universe_asking_for("alpha = \"*\"\n"));
    std::map<PackageName, pypi::CandidateList> found;
    const auto versions = [&] {
        UniverseRequest request{
            world.requests, world.manifest.targets.front(), {python_of(11)}, {}, {}};
        request.facts = &world.facts;
        request.found = &found;
        PackageUniverse universe(request, world.listings, nullptr);
        const SlotId slot = universe.distribution_slot(*PackageName::parse("alpha"));
        universe.list(std::vector<SlotId>{slot});
        std::vector<std::string> out;
        for (const CandidateId candidate : universe.candidates(slot)) {
            out.push_back(universe.candidate(candidate).version);
        }
        return out;
    };
    EXPECT_THAT(versions(), ElementsAre("1.0", "2.0"));
    ASSERT_EQ(found.size(), 1U);
    found.begin()->second.wheels.pop_back(); // what is taken is not looked for again
    EXPECT_THAT(versions(), ElementsAre("1.0"));
    EXPECT_THAT(found, IsEmpty());
    EXPECT_THAT(versions(), ElementsAre("1.0", "2.0"));
}

TEST(PackageUniverse, AnExtraAddsItsNeedsToTheSameVersion) {
    FakeIndexes indexes;
    indexes.add(
        "pypi", "alpha",
        {{"alpha-1.0-py3-none-any.whl", {"beta ; extra == 'fast'"}},
         {"alpha-2.0-py3-none-any.whl", {"gamma ; extra == 'fast'", "delta ; extra == 'x'"}}});
    for (const std::string name : {"beta", "gamma", "delta"}) {
        indexes.add("pypi", name, {{name + "-1.0-py3-none-any.whl"}});
    }
    EXPECT_THAT(
        World(indexes, universe_asking_for("alpha = { version = \"*\", extras = [\"fast\"] }\n"))
            .chosen(),
        ElementsAre("alpha 2.0", "alpha[fast] 2.0", "gamma 1.0", "python 3.11.1"));
    EXPECT_THAT(
        World(indexes, universe_asking_for("alpha = { version = \"<2\", extras = [\"fast\"] }\n"))
            .chosen(),
        ElementsAre("alpha 1.0", "alpha[fast] 1.0", "beta 1.0", "python 3.11.1"));
    EXPECT_THAT(World(indexes, universe_asking_for("alpha = \"*\"\n")).chosen(),
                ElementsAre("alpha 2.0", "python 3.11.1"));
}

TEST(PackageUniverse, AnExtraMayAskForAnotherOfItsOwnPackage) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl",
                  {"alpha[fast] ; extra == 'all'", "beta ; extra == 'fast'"}}});
    indexes.add("pypi", "beta", {{"beta-1.0-py3-none-any.whl"}});
    EXPECT_THAT(
        World(indexes, universe_asking_for("alpha = { version = \"*\", extras = [\"all\"] }\n"))
            .chosen(),
        ElementsAre("alpha 1.0", "alpha[all] 1.0", "alpha[fast] 1.0", "beta 1.0", "python 3.11.1"));
}

TEST(PackageUniverse, AMarkerThatHoldsForSomePythonsDependsOnTheOneChosen) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl", {"beta ; python_version < '3.12'"}}});
    indexes.add("pypi", "beta", {{"beta-1.0-py3-none-any.whl"}});
    const std::string both = universe_asking_for("alpha = \"*\"\n");
    EXPECT_THAT(World(indexes, both, {python_of(11), python_of(12)}).chosen(),
                ElementsAre("alpha 1.0", "python 3.12.1"));
    EXPECT_THAT(
        World(indexes, both + "[dependencies]\npython = \"3.11\"\n", {python_of(11), python_of(12)})
            .chosen(),
        ElementsAre("alpha 1.0", "beta 1.0", "python 3.11.1"));
}

TEST(PackageUniverse, AMarkerThatNeverHoldsHereAsksForNothing) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl",
                  {"absent ; sys_platform == 'win32'", "beta ; sys_platform == 'linux'"}}});
    indexes.add("pypi", "beta", {{"beta-1.0-py3-none-any.whl"}});
    EXPECT_THAT(World(indexes, universe_asking_for("alpha = \"*\"\n")).chosen(),
                ElementsAre("alpha 1.0", "beta 1.0", "python 3.11.1"));
}

TEST(PackageUniverse, AWheelForOneAbiNeedsThatPython) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", {{"alpha-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"}});
    EXPECT_THAT(
        World(indexes, universe_asking_for("alpha = \"*\"\n"), {python_of(11), python_of(12)})
            .chosen(),
        ElementsAre("alpha 1.0", "python 3.11.1"));
}

TEST(PackageUniverse, PackagesCountMoreThanANewerPython) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl"}, {"alpha-2.0-py3-none-any.whl", {}, "<3.12"}});
    EXPECT_THAT(
        World(indexes, universe_asking_for("alpha = \"*\"\n"), {python_of(11), python_of(12)})
            .chosen(),
        ElementsAre("alpha 2.0", "python 3.11.1"));
}

TEST(PackageUniverse, RequiresPythonPassesAReleaseOver) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl"}, {"alpha-2.0-py3-none-any.whl", {}, ">=3.12"}});
    EXPECT_THAT(World(indexes, universe_asking_for("alpha = \"*\"\n")).chosen(),
                ElementsAre("alpha 1.0", "python 3.11.1"));
}

TEST(PackageUniverse, AnOverrideReplacesWhatPackagesSay) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", {{"alpha-1.0-py3-none-any.whl", {"beta<2"}}});
    indexes.add("pypi", "beta", {{"beta-1.0-py3-none-any.whl"}, {"beta-2.0-py3-none-any.whl"}});
    EXPECT_THAT(World(indexes, universe_asking_for("alpha = \"*\"\n[overrides]\nbeta = \">=2\"\n"))
                    .chosen(),
                ElementsAre("alpha 1.0", "beta 2.0", "python 3.11.1"));
}

TEST(PackageUniverse, AConstraintBoundsWithoutAsking) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", {{"alpha-1.0-py3-none-any.whl", {"beta"}}});
    indexes.add("pypi", "beta", {{"beta-1.0-py3-none-any.whl"}, {"beta-2.0-py3-none-any.whl"}});
    indexes.add("pypi", "gamma", {{"gamma-1.0-py3-none-any.whl"}});
    EXPECT_THAT(World(indexes, universe_asking_for(
                                   "alpha = \"*\"\n[constraints]\nbeta = \"<2\"\ngamma = \"<2\"\n"))
                    .chosen(),
                ElementsAre("alpha 1.0", "beta 1.0", "python 3.11.1"));
}

TEST(PackageUniverse, PreReleasesComeOnlyWhereNamedOrWhereNothingElseIs) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl"}, {"alpha-2.0rc1-py3-none-any.whl"}});
    indexes.add("pypi", "beta", {{"beta-1.0b1-py3-none-any.whl"}});
    EXPECT_THAT(World(indexes, universe_asking_for("alpha = \"*\"\nbeta = \"*\"\n")).chosen(),
                ElementsAre("alpha 1.0", "beta 1.0b1", "python 3.11.1"));
    EXPECT_THAT(World(indexes, universe_asking_for("alpha = \">=1.0rc1\"\n")).chosen(),
                ElementsAre("alpha 2.0rc1", "python 3.11.1"));
    EXPECT_THAT(World(indexes, "[workspace]\nname = \"demo\"\nprereleases = \"allow\"\n"
                               "[pypi-dependencies]\nalpha = \"*\"\n")
                    .chosen(),
                ElementsAre("alpha 2.0rc1", "python 3.11.1"));
}

TEST(PackageUniverse, AYankedReleaseIsForAPinOnly) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl"}, {"alpha-2.0-py3-none-any.whl", {}, "", true}});
    EXPECT_THAT(World(indexes, universe_asking_for("alpha = \"*\"\n")).chosen(),
                ElementsAre("alpha 1.0", "python 3.11.1"));
    EXPECT_THAT(World(indexes, universe_asking_for("alpha = \"==2.0\"\n")).chosen(),
                ElementsAre("alpha 2.0", "python 3.11.1"));
}

TEST(PackageUniverse, WhatWasUploadedLaterThanExcludeNewerIsNoCandidate) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl", {}, "", false, "2024-01-01T00:00:00Z"},
                 {"alpha-2.0-py3-none-any.whl", {}, "", false, "2025-06-01T00:00:00Z"}});
    EXPECT_THAT(World(indexes, "[workspace]\nname = \"demo\"\nexclude-newer = \"2025-01-01\"\n"
                               "[pypi-dependencies]\nalpha = \"*\"\n")
                    .chosen(),
                ElementsAre("alpha 1.0", "python 3.11.1"));
}

TEST(PackageUniverse, ARequestUnderAMarkerHoldsForItsPythonsOnly) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", {{"alpha-1.0-py3-none-any.whl"}});
    indexes.add("pypi", "beta", {{"beta-1.0-py3-none-any.whl"}});
    const std::string text = universe_asking_for(
        "alpha = \"*\"\nbeta = { version = \"*\", marker = \"python_version < '3.12'\" }\n");
    EXPECT_THAT(World(indexes, text, {python_of(11), python_of(12)}).chosen(),
                ElementsAre("alpha 1.0", "python 3.12.1"));
    EXPECT_THAT(World(indexes, text, {python_of(11)}).chosen(),
                ElementsAre("alpha 1.0", "beta 1.0", "python 3.11.1"));
    EXPECT_THAT(World(indexes, text, {python_of(12)}).chosen(),
                ElementsAre("alpha 1.0", "python 3.12.1"));
}

TEST(PackageUniverse, APinLetsAYankedReleaseInOnlyWhereItsMarkerHolds) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", {{"alpha-1.0-py3-none-any.whl", {"beta"}}});
    indexes.add(
        "pypi", "beta",
        {{"beta-1.0-py3-none-any.whl"}, {.file = "beta-2.0-py3-none-any.whl", .is_yanked = true}});
    const auto chosen = [&](const std::string& marker) {
        const std::string text = universe_asking_for(fmt::format(
            "alpha = \"*\"\nbeta = {{ version = \"==2.0\", marker = \"{}\" }}\n", marker));
        return World(indexes, text, {python_of(11)}).chosen();
    };
    EXPECT_THAT(chosen("sys_platform == 'win32'"),
                ElementsAre("alpha 1.0", "beta 1.0", "python 3.11.1"));
    EXPECT_THAT(chosen("python_version < '3.12'"),
                ElementsAre("alpha 1.0", "beta 2.0", "python 3.11.1"));
}

TEST(PackageUniverse, AWheelThatNeedsAUrlIsUnusable) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl"},
                 {"alpha-2.0-py3-none-any.whl", {"beta @ https://example.org/beta.whl"}}});
    EXPECT_THAT(World(indexes, universe_asking_for("alpha = \"*\"\n")).chosen(),
                ElementsAre("alpha 1.0", "python 3.11.1"));
    EXPECT_THAT(World(indexes, universe_asking_for("alpha = \"==2.0\"\n")).chosen(), IsEmpty());
}

TEST(PackageUniverse, KnowsTheRequestBehindARootAndNoneBehindItsOwn) {
    FakeIndexes indexes;
    World world(indexes, universe_asking_for("alpha = { version = \">=1\", extras = [\"x\"] }\n"));
    const std::vector<RequirementId>& roots = world.universe.roots();
    ASSERT_EQ(roots.size(), 3U);
    EXPECT_EQ(world.universe.asked(roots[0]).wheels, &world.requests.packages.front());
    EXPECT_EQ(world.universe.asked(roots[1]).wheels, &world.requests.packages.front());
    EXPECT_EQ(world.universe.asked(roots[2]).wheels, &world.requests.python);
    EXPECT_EQ(world.universe.requirement(world.universe.relaxed(roots[0])).text, "alpha");
    EXPECT_EQ(world.universe.requirement(world.universe.relaxed(roots[1])).text, "alpha[x]");
}

} // namespace
} // namespace envpm::universe
