// The nearest environments of conflicts that conda packages have a part in; those of wheels alone
// stand in explain_test.cpp.

#include "advice/nearest.h"

#include "advice/explain.h"
#include "universe/mixed_world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::advice {
namespace {

using conda::test::entry;
using testing::ElementsAre;
using testing::IsEmpty;
using universe::test::channel_a;
using universe::test::Entries;
using universe::test::Mixed;
using universe::test::needing;
using universe::test::with_pythons;

std::vector<std::string> offers_for(Mixed& world, const std::string& requirements) {
    EXPECT_THAT(world.chosen(channel_a + requirements), IsEmpty());
    std::vector<std::string> out;
    for (const NearestSolution& one :
         nearest_solutions(std::get<Conflict>(world.answer), *world.universe, {})) {
        out.push_back(
            fmt::format("{} gives {} at {}", one.change(), one.result, one.changes.front().place));
    }
    return out;
}

/// `stone` 1.0 to 3.0, and what needs some of them.
Entries stones() {
    return {entry("stone", "1.0"), entry("stone", "2.0"), entry("stone", "3.0.1"),
            needing(entry("mortar", "1.0"), {"stone <2"}),
            needing(entry("mortar", "2.0"), {"stone >=2"})};
}

TEST(Nearest, AreInCondasLanguageTheSmallestChangeFirst) {
    Mixed world;
    world.add("a", stones());
    EXPECT_THAT(offers_for(world, "[dependencies]\nmortar = \"1.*\"\nstone = \">=3\"\n"),
                ElementsAre("mortar = \"2.0.*\" gives mortar 2.0, stone 3.0.1 at envpm.toml:7:1",
                            "stone = \"1.0.*\" gives mortar 1.0, stone 1.0 at envpm.toml:8:1"));
}

TEST(Nearest, WhoListsAChannelIsToldHowToAskForAWheel) {
    Mixed world;
    world.add("a", stones());
    EXPECT_THAT(world.chosen(channel_a + "[dependencies]\ntorch = \"*\"\n"), IsEmpty());
    const auto reasons =
        explain_reasons(std::get<Conflict>(world.answer), *world.universe, {*world.listings});
    EXPECT_EQ(reasons.back().text,
              "no channel has `torch`; `envpm add --pypi torch` asks for a wheel");
    const auto of_platform =
        explain_reasons(std::get<Conflict>(world.answer), *world.universe,
                        {.listings = *world.listings, .platform = "linux-aarch64"});
    EXPECT_EQ(of_platform.back().text,
              "no channel has `torch` for linux-aarch64; `envpm add --pypi "
              "torch` asks for a wheel");
}

TEST(Nearest, OfABuildThatIsNotThereNameTheOneThatIs) {
    Mixed world;
    world.add("a", {entry("magic", "1.0", "cpu_0")});
    EXPECT_THAT(offers_for(world, "[dependencies]\nmagic = \"* cuda*\"\n"),
                ElementsAre("magic = \"1.0.*\" gives magic 1.0 cpu_0 at envpm.toml:7:1"));
}

TEST(Nearest, OfAVersionWithLettersArePins) {
    Mixed world;
    world.add("a", {entry("tzdata", "2026a")});
    EXPECT_THAT(offers_for(world, "[dependencies]\ntzdata = { version = \">=2027\" }\n"),
                ElementsAre("tzdata = \"2026a\" gives tzdata 2026a at envpm.toml:7:1"));
}

TEST(Nearest, ChangeEitherWorldsLine) {
    Mixed world;
    world.add("a", with_pythons({needing(entry("numpy", "1.26.4"), {"python"}),
                                 needing(entry("numpy", "2.1.0"), {"python"})}));
    world.indexes.add("pypi", "old-code",
                      {{"old_code-1.0-py3-none-any.whl", {"numpy<2"}},
                       {"old_code-2.0-py3-none-any.whl", {"numpy"}}});
    EXPECT_THAT(offers_for(world, "[dependencies]\nnumpy = \">=2\"\n"
                                  "[pypi-dependencies]\nold-code = \"<2\"\n"),
                ElementsAre("numpy = \"1.26.*\" gives numpy 1.26.4, old-code 1.0 at "
                            "envpm.toml:7:1",
                            "old-code = \"~=2.0.0\" gives numpy 2.1.0, old-code 2.0 at "
                            "envpm.toml:9:1"));
}

TEST(Nearest, NameThePythonThatTheChannelHas) {
    Mixed world;
    world.add("a", with_pythons({needing(entry("tool", "1.0"), {"python >=3.12"})}));
    EXPECT_THAT(offers_for(world, "[dependencies]\npython = \"3.7.*\"\ntool = \"*\"\n"),
                ElementsAre("python = \"3.13.*\" gives python 3.13.1 at envpm.toml:7:1"));
}

TEST(Nearest, AreNoneWhereNoOneChangeHelps) {
    Mixed world;
    world.add("a", {needing(entry("mortar", "1.0"), {"absent"}), entry("stone", "1.0")});
    EXPECT_THAT(offers_for(world, "[dependencies]\nmortar = \"1.*\"\nstone = \"*\"\n"), IsEmpty());
}

} // namespace
} // namespace envpm::advice
