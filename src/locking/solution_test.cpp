#include "locking/solution.h"

#include "advice/upload_times.h"
#include "lockfiles/lock_file.h"
#include "universe/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::locking {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using universe::test::FakeIndexes;
using universe::test::name_of;
using universe::test::World;

std::string solution_asking_for(const std::string& requirements) {
    return "[workspace]\nname = \"demo\"\n[pypi-dependencies]\n" + requirements;
}

TargetSolution solution_of(World& world) {
    const Answer answer = world.solve();
    return to_solution(std::get<Resolution>(answer), world.universe, world.requests,
                       world.manifest.targets.front());
}

LockedPackage package(const std::string& name, const std::string& version) {
    const std::string file = name + "-" + version + "-py3-none-any.whl";
    return {name_of(name), version, "pypi", file, 10, sha256_of(file), {}, {}, {}, false};
}

TargetSolution solution(const std::string& target, std::vector<LockedPackage> packages) {
    for (LockedPackage& entry : packages) {
        entry.targets = {target};
    }
    return {{target, Platform::linux_64, {}},
            LockedPython{universe::test::python_of(11).abi, "3.11.1"},
            std::move(packages)};
}

std::vector<std::string> lines_of(const Lock& lock) {
    std::vector<std::string> lines;
    for (const LockedPackage& entry : lock.packages) {
        std::string line = entry.name.string() + " " + entry.version + ":";
        for (const std::string& target : entry.targets) {
            line += " " + target;
        }
        lines.push_back(line);
    }
    return lines;
}

TEST(ToSolution, HasTheFactsOfThePage) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", {{"alpha-1.0-py3-none-any.whl"}});
    World world(indexes, solution_asking_for("alpha = \"*\"\n"));
    const TargetSolution found = solution_of(world);
    EXPECT_EQ(found.python->version, "3.11.1");
    ASSERT_EQ(found.packages.size(), 1U);
    const LockedPackage& alpha = found.packages.front();
    EXPECT_EQ(alpha.source, "pypi");
    EXPECT_EQ(alpha.file, "alpha-1.0-py3-none-any.whl");
    EXPECT_EQ(alpha.size_bytes, 1000 + alpha.file.size());
    EXPECT_EQ(alpha.sha256, sha256_of("pypi" + alpha.file));
    EXPECT_THAT(alpha.targets, ElementsAre("default"));
}

TEST(ToSolution, AnExtraIsPartOfItsPackageWithItsNeeds) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl",
                  {"gamma>=1", "beta>=1 ; extra == 'fast'", "alpha[fast] ; extra == 'all'"}}});
    indexes.add("pypi", "beta", {{"beta-1.0-py3-none-any.whl"}});
    indexes.add("pypi", "gamma", {{"gamma-1.0-py3-none-any.whl"}});
    World world(indexes, solution_asking_for("alpha = { version = \"*\", extras = [\"all\"] }\n"));
    const TargetSolution found = solution_of(world);
    ASSERT_EQ(found.packages.size(), 3U);
    EXPECT_THAT(found.packages[0].extras, ElementsAre(name_of("all"), name_of("fast")));
    EXPECT_THAT(found.packages[0].dependencies, ElementsAre("beta >=1", "gamma >=1"));
    EXPECT_THAT(found.packages[1].extras, IsEmpty());
}

TEST(ToSolution, ADependencyWhoseMarkerDoesNotHoldForThePythonIsNone) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl",
                  {"beta ; python_version < '3.12'", "gamma ; python_version >= '3.12'"}}});
    indexes.add("pypi", "beta", {{"beta-1.0-py3-none-any.whl"}});
    indexes.add("pypi", "gamma", {{"gamma-1.0-py3-none-any.whl"}});
    World world(indexes, solution_asking_for("alpha = \"*\"\n"),
                {universe::test::python_of(11), universe::test::python_of(12)});
    const TargetSolution found = solution_of(world);
    EXPECT_EQ(found.python->version, "3.12.1");
    EXPECT_THAT(found.packages.at(0).dependencies, ElementsAre("gamma"));
}

TEST(ToSolution, MarksPackagesWhoseDependenciesWereOverridden) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", {{"alpha-1.0-py3-none-any.whl", {"beta<1"}}});
    indexes.add("pypi", "beta", {{"beta-2.0-py3-none-any.whl"}});
    World world(indexes, solution_asking_for("alpha = \"*\"\n[overrides]\nbeta = \">=2\"\n"));
    const TargetSolution found = solution_of(world);
    EXPECT_TRUE(found.packages.at(0).is_overridden);
    EXPECT_FALSE(found.packages.at(1).is_overridden);
    EXPECT_THAT(found.packages.at(0).dependencies, ElementsAre("beta >=2"));
}

TEST(NotesOnUploadTimes, NameAnIndexThatHasNone) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", {{"alpha-1.0-py3-none-any.whl"}});
    const auto notes = [&] {
        World world(indexes, solution_asking_for("alpha = \"*\"\n"));
        const Answer answer = world.solve();
        return advice::notes_on_upload_times(std::get<Resolution>(answer), world.universe);
    };
    EXPECT_THAT(notes(), ElementsAre(testing::HasSubstr("index `pypi` does not say when")));
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl", {}, {}, false, "2025-06-01T00:00:00Z"}});
    EXPECT_THAT(notes(), IsEmpty());
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl", {}, {}, false, "2025-06-01T00:00:00Z"},
                 {"alpha-2.0-py3-none-any.whl"}});
    EXPECT_THAT(notes(), ElementsAre(testing::HasSubstr("when alpha-2.0-py3-none-any.whl was")));
}

TEST(ComposeLock, APackageThatTargetsShareStandsOnce) {
    const Lock lock =
        compose_lock({solution("gpu", {package("alpha", "1.0"), package("beta", "2")}),
                      solution("cpu", {package("alpha", "1.0"), package("beta", "1")})},
                     sha256_of("manifest"), {});
    EXPECT_THAT(lines_of(lock), ElementsAre("alpha 1.0: cpu gpu", "beta 1: cpu", "beta 2: gpu"));
    ASSERT_EQ(lock.targets.size(), 2U);
    EXPECT_EQ(lock.targets[0].target.name, "cpu");
    EXPECT_EQ(lock.targets[1].target.name, "gpu");
    EXPECT_NE(lock.targets[0].env, lock.targets[1].env);
    EXPECT_EQ(lock.targets[0].env, lockfiles::env_digest(lock, lock.targets[0]));
}

TEST(ComposeLock, PackagesThatDifferInExtrasOrDependenciesStandApart) {
    LockedPackage with_extra = package("alpha", "1.0");
    with_extra.extras = {name_of("fast")};
    const Lock lock =
        compose_lock({solution("a", {package("alpha", "1.0")}), solution("b", {with_extra})},
                     sha256_of("m"), {});
    EXPECT_THAT(lines_of(lock), ElementsAre("alpha 1.0: a", "alpha 1.0: b"));
    EXPECT_EQ(lock.targets[0].env, lock.targets[1].env);
}

TEST(ComposeLock, TheOrderOfTargetsDoesNotMatter) {
    const TargetSolution one = solution("a", {package("alpha", "1"), package("beta", "1")});
    const TargetSolution two = solution("b", {package("alpha", "1"), package("beta", "2")});
    EXPECT_EQ(compose_lock({one, two}, sha256_of("m"), {}),
              compose_lock({two, one}, sha256_of("m"), {}));
}

TEST(ComposeLock, KeepsASealForAnUnchangedEnvironmentOnly) {
    const TargetSolution cpu = solution("cpu", {package("alpha", "1.0")});
    const TargetSolution gpu = solution("gpu", {package("alpha", "1.0")});
    Lock sealed = compose_lock({cpu, gpu}, sha256_of("m"), {});
    sealed.targets[0].contents = sha256_of("cpu bytes");
    sealed.targets[1].contents = sha256_of("gpu bytes");
    const Lock again =
        compose_lock({cpu, solution("gpu", {package("alpha", "2.0")})}, sha256_of("other"), sealed);
    EXPECT_EQ(again.targets[0].contents, sha256_of("cpu bytes"));
    EXPECT_EQ(again.targets[1].contents, std::nullopt);
    EXPECT_THAT(unsealed(sealed, again), ElementsAre("gpu"));
    EXPECT_THAT(unsealed(sealed, compose_lock({cpu}, sha256_of("m"), sealed)), IsEmpty());

    Lock damaged = sealed; // its `env` says still what was sealed
    damaged.packages[0].sha256 = sha256_of("a digit changed");
    EXPECT_EQ(compose_lock({cpu, gpu}, sha256_of("m"), damaged), sealed);
}

} // namespace
} // namespace envpm::locking
