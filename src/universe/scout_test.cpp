#include "universe/scout.h"

#include "universe/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::universe {
namespace {

using test::FakeIndexes;
using test::name_of;
using test::World;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string scout_start = "[workspace]\nname = \"demo\"\n[pypi-dependencies]\n";

/// Lets a scout with a universe of its own run, as `lock` does.
void scout(World& world, const std::map<PackageName, std::string>& preferred = {},
           const std::vector<PackageName>& names = {}) {
    PackageUniverse universe({world.requests,
                              world.manifest.targets.front(),
                              {test::python_of(11)},
                              {},
                              world.manifest.exclude_newer,
                              world.manifest.prereleases},
                             world.listings, nullptr);
    Scout(universe, world.listings, preferred).run(names);
}

/// Everything that was asked for, in any order.
std::string asked(const FakeIndexes& indexes) {
    std::string all;
    for (const std::string& line : indexes.transport.log()) {
        all += line + " ";
    }
    return all;
}

TEST(Scout, LeavesTheSolverNothingToAskFor) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl"},
                 {"alpha-2.0-py3-none-any.whl",
                  {"beta[extra]>=1,<2", "never; python_version<'3'", "delta; extra=='unasked'"}}});
    indexes.add(
        "pypi", "beta",
        {{"beta-1.5-py3-none-any.whl", {"gamma; extra=='extra'"}}, {"beta-2.0-py3-none-any.whl"}});
    indexes.add("pypi", "gamma", {{"gamma-1.0-py3-none-any.whl"}});
    World world(indexes, scout_start + "alpha = \"*\"\n");
    scout(world);
    const std::size_t batches = indexes.transport.batches.size();
    EXPECT_THAT(world.chosen(), ElementsAre("alpha 2.0", "beta 1.5", "beta[extra] 1.5", "gamma 1.0",
                                            "python 3.11.1"));
    EXPECT_EQ(indexes.transport.batches.size(), batches);
    for (const char* unneeded : {"never", "delta", "alpha-1.0", "beta-2.0"}) {
        EXPECT_THAT(asked(indexes), Not(HasSubstr(unneeded)));
    }
}

TEST(Scout, TakesAnotherWheelWhenMoreIsAskedOfAName) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", {{"alpha-1.0-py3-none-any.whl", {"beta"}}});
    indexes.add("pypi", "beta",
                {{"beta-1.0-py3-none-any.whl", {"gamma"}}, {"beta-2.0-py3-none-any.whl"}});
    indexes.add("pypi", "gamma", {{"gamma-1.0-py3-none-any.whl"}});
    indexes.add("pypi", "omega", {{"omega-1.0-py3-none-any.whl", {"beta<2"}}});
    World world(indexes, scout_start + "alpha = \"*\"\nomega = \"*\"\n");
    scout(world);
    const std::size_t batches = indexes.transport.batches.size();
    EXPECT_THAT(world.chosen(), Contains("gamma 1.0"));
    EXPECT_EQ(indexes.transport.batches.size(), batches);
}

TEST(Scout, AsksAtOnceForAllThatWasLocked) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", {{"alpha-1.0-py3-none-any.whl", {"beta"}}});
    indexes.add("pypi", "beta", {{"beta-1.0-py3-none-any.whl"}, {"beta-2.0-py3-none-any.whl"}});
    World world(indexes, scout_start + "alpha = \"*\"\n");
    scout(world, {{name_of("alpha"), "1.0"}, {name_of("beta"), "1.0"}},
          {name_of("alpha"), name_of("beta")});
    EXPECT_THAT(indexes.transport.log(),
                ElementsAre("https://pypi.example.org/simple/alpha/ "
                            "https://pypi.example.org/simple/beta/",
                            "https://pypi.example.org/files/alpha-1.0-py3-none-any.whl.metadata "
                            "https://pypi.example.org/files/beta-1.0-py3-none-any.whl.metadata"));
}

TEST(Scout, DecidesNothingWhereNothingMatches) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", {{"alpha-1.0-py3-none-any.whl", {"beta>5"}}});
    indexes.add("pypi", "beta", {{"beta-1.0-py3-none-any.whl"}});
    World world(indexes, scout_start + "alpha = \"*\"\nmissing = \"*\"\n");
    scout(world);
    EXPECT_THAT(world.chosen(), ElementsAre());
}

TEST(Scout, GoesOnToTheNextWheelWhenOneCannotBeUsed) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl", {"beta"}}, {"alpha-2.0-py3-none-any.whl", {"@"}}});
    indexes.add("pypi", "beta", {{"beta-1.0-py3-none-any.whl"}});
    World world(indexes, scout_start + "alpha = \"*\"\n");
    scout(world);
    const std::size_t batches = indexes.transport.batches.size();
    EXPECT_THAT(world.chosen(), ElementsAre("alpha 1.0", "beta 1.0", "python 3.11.1"));
    EXPECT_EQ(indexes.transport.batches.size(), batches);
}

} // namespace
} // namespace envpm::universe
