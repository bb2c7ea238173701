// Conda packages and wheels in one solve.

#include "advice/explain.h"
#include "base/error.h"
#include "lockfiles/lock_file.h"
#include "locking/gpu_needs.h"
#include "locking/solved_world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::locking {
namespace {

using conda::test::entry;
using conda::test::with;
using test::solution_of;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using universe::test::channel_a;
using universe::test::Entries;
using universe::test::FakeIndexes;
using universe::test::Mixed;
using universe::test::needing;
using universe::test::pythons;
using universe::test::with_pythons;

TEST(OneSolve, AWheelsRequirementForcesAnotherCondaBuild) {
    Mixed world;
    world.add("a", with_pythons({needing(entry("numpy", "1.26.4", "py312_0"), {"python 3.12.*"}),
                                 needing(entry("numpy", "2.1.0", "py312_0"), {"python 3.12.*"}),
                                 needing(entry("lib", "2.0"), {"numpy >=1.20"})}));
    world.indexes.add("pypi", "old-code", {{"old_code-1.0-py3-none-any.whl", {"numpy<2"}}});
    EXPECT_THAT(world.chosen(channel_a + "[dependencies]\nlib = \"*\"\npython = \"3.12.*\"\n"
                                         "[pypi-dependencies]\nold-code = \"*\"\n"),
                ElementsAre("lib 2.0 linux-64", "numpy 1.26.4 linux-64", "old-code 1.0 wheel",
                            "python 3.12.4 linux-64"));
    EXPECT_THAT(world.asked(), Contains(FakeIndexes::page_url("pypi", "old-code")));
    EXPECT_THAT(world.asked(), Not(Contains(FakeIndexes::page_url("pypi", "numpy"))))
        << "the channel has it";
}

TEST(OneSolve, TheChannelsPythonGivesTheWheelTags) {
    Mixed world;
    world.add("a", pythons());
    world.indexes.add("pypi", "ext",
                      {{"ext-1.0-cp312-cp312-manylinux_2_17_x86_64.whl"},
                       {"ext-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"}});
    const std::string wheel = "[pypi-dependencies]\next = \"*\"\n";
    EXPECT_THAT(world.chosen(channel_a + wheel),
                ElementsAre("ext 1.0 wheel", "python 3.12.4 linux-64"));
    EXPECT_TRUE(solution_of(world).python->is_package);
    EXPECT_EQ(solution_of(world).packages[1].file, "python-3.12.4-h0_cpython.conda");
    EXPECT_EQ(solution_of(world).packages[0].file, "ext-1.0-cp312-cp312-manylinux_2_17_x86_64.whl");
    EXPECT_THAT(world.chosen(channel_a + "[dependencies]\npython = \"3.11\"\n" + wheel),
                ElementsAre("ext 1.0 wheel", "python 3.11.5 linux-64"));
    EXPECT_EQ(solution_of(world).python->abi.abi, "cp311");
}

TEST(OneSolve, WithoutAPythonInTheChannelsTheHostsServes) {
    Mixed world;
    world.add("a", {needing(entry("tool", "1.0"), {"python >=3.9"})});
    EXPECT_THAT(world.chosen(channel_a + "[dependencies]\ntool = \"*\"\n"),
                ElementsAre("tool 1.0 linux-64"));
    EXPECT_FALSE(solution_of(world).python->is_package);
}

TEST(OneSolve, AChannelsPythonThatDoesNotFitIsNotReplacedByTheHosts) {
    Mixed world;
    world.add("a", {entry("python", "3.12.4", "h0_cpython")});
    EXPECT_THAT(world.chosen(channel_a + "[dependencies]\npython = \"3.11.*\"\n"), IsEmpty());
}

TEST(OneSolve, ARequestSaysAllThatItAsksForInItsText) {
    const auto text_of = [](const std::string& spec) {
        return universe::read_requests(universe::test::manifest_of(
                                           channel_a + "[dependencies]\nlib = \"" + spec + "\"\n"))
            .conda.at(0)
            .text();
    };
    EXPECT_EQ(text_of("*"), "lib");
    EXPECT_EQ(text_of(">=1 h*"), "lib >=1 h*");
    EXPECT_NE(text_of("*[fn=lib-1.0-h1_0.conda]"), "lib");
}

TEST(OneSolve, AnEnvironmentWithoutPythonHasNone) {
    Mixed world;
    world.add("a", with_pythons({entry("zlib", "1.3")}));
    EXPECT_THAT(world.chosen(channel_a + "[dependencies]\nzlib = \"*\"\n"),
                ElementsAre("zlib 1.3 linux-64"));
    EXPECT_FALSE(solution_of(world).python.has_value());
    EXPECT_THAT(world.asked(), Not(Contains(testing::HasSubstr("pypi.example.org"))));
}

TEST(OneSolve, WhatIsListedUnderAHeadingComesFromThatWorld) {
    Mixed world;
    world.add("a", with_pythons({needing(entry("pytorch", "2.5.0"), {"python"})}));
    world.indexes.add("pypi", "torch", {{"torch-2.9.0-py3-none-any.whl"}});
    world.indexes.add("pypi", "user", {{"user-1.0-py3-none-any.whl", {"torch"}}});
    const std::string wheels = "[pypi-dependencies]\nuser = \"*\"\n";
    EXPECT_THAT(world.chosen(channel_a + wheels), Contains("pytorch 2.5.0 linux-64"));
    EXPECT_THAT(solution_of(world).packages[2].dependencies, ElementsAre("python", "pytorch"));
    EXPECT_THAT(world.chosen(channel_a + wheels + "torch = \"*\"\n"),
                Contains("torch 2.9.0 wheel"));
    EXPECT_THROW(
        world.chosen(channel_a + "[dependencies]\npytorch = \"*\"\n" + wheels + "torch = \"*\"\n"),
        Error);
}

TEST(OneSolve, ALibraryIsNotTheProjectOfItsName) {
    Mixed world;
    world.add("a", with_pythons({entry("snappy", "1.2")}));
    world.indexes.add("pypi", "snappy", {{"snappy-3.0-py3-none-any.whl"}});
    world.indexes.add("pypi", "user", {{"user-1.0-py3-none-any.whl", {"snappy"}}});
    EXPECT_THAT(world.chosen(channel_a + "[pypi-dependencies]\nuser = \"*\"\n"),
                Contains("snappy 3.0 wheel"));
}

TEST(OneSolve, TheFirstChannelServesUnlessPriorityIsFlexible) {
    Mixed world;
    world.add("a", {entry("lib", "1.0")});
    world.add("b", {entry("lib", "2.0"), entry("other", "1.0")});
    const auto manifest = [](const std::string& priority, const std::string& spec) {
        return "[workspace]\nname = \"x\"\nchannels = [\"a\", \"b\"]\nchannel-priority = \"" +
               priority +
               "\"\n[channels]\na = \"https://a.example.org\"\nb = \"https://b.example.org\"\n"
               "[dependencies]\nother = \"*\"\nlib = " +
               spec + "\n";
    };
    EXPECT_THAT(world.chosen(manifest("strict", "\"*\"")), Contains("lib 1.0 linux-64"));
    EXPECT_THAT(world.chosen(manifest("strict", "\">=2\"")), IsEmpty());
    EXPECT_THAT(world.chosen(manifest("flexible", "\"*\"")), Contains("lib 1.0 linux-64"));
    EXPECT_THAT(world.chosen(manifest("flexible", "\">=2\"")), Contains("lib 2.0 linux-64"));
    EXPECT_THAT(world.chosen(manifest("strict", "{ version = \"*\", channel = \"b\" }")),
                Contains("lib 2.0 linux-64"));
}

TEST(OneSolve, AChannelServesANameOfWhichItHasNothingToUse) {
    const auto numpy = needing(entry("numpy", "1.0"), {"python >=3"});
    for (const Json::Object& fault :
         {Json::Object{{"sha256", Json()}}, Json::Object{{"revoked", true}},
          Json::Object{{"timestamp", 1'900'000'000'000}}}) {
        Mixed world;
        world.add("a", with_pythons({with(numpy, fault)}));
        world.indexes.add("pypi", "app", {{"app-1.0-py3-none-any.whl", {"numpy"}}});
        world.indexes.add("pypi", "numpy", {{"numpy-50.0-py3-none-any.whl"}});
        const std::string limit = "exclude-newer = \"2024-01-01\"\n[channels]";
        std::string manifest = channel_a + "[pypi-dependencies]\napp = \"*\"\n";
        manifest.replace(manifest.find("[channels]"), 10, limit);
        EXPECT_THAT(world.chosen(manifest), IsEmpty());
        EXPECT_THAT(world.asked(), Not(Contains(FakeIndexes::page_url("pypi", "numpy"))));
    }
}

TEST(OneSolve, NeverHoldsForWhatWheelsNeedOfAChannel) {
    Mixed world;
    world.add("a", with_pythons({needing(entry("numpy", "1.0"), {"python >=3"}),
                                 needing(entry("numpy", "2.0rc1"), {"python >=3"})}));
    world.indexes.add("pypi", "app", {{"app-1.0-py3-none-any.whl", {"numpy>=1"}}});
    std::string manifest = channel_a + "[pypi-dependencies]\napp = \"*\"\n";
    EXPECT_THAT(world.chosen(manifest), Contains("numpy 2.0rc1 linux-64"));
    manifest.replace(manifest.find("[channels]"), 10, "prereleases = \"never\"\n[channels]");
    EXPECT_THAT(world.chosen(manifest), Contains("numpy 1.0 linux-64"));
}

TEST(OneSolve, BuildsArePreferredByFeaturesVersionNumberAndTime) {
    Mixed world;
    const auto build = [](const std::string& name, const Json::Object& more) {
        return with(entry("lib", "1.0", name), more);
    };
    world.add("a", {build("zold", {{"build_number", 1}, {"timestamp", 1}}),
                    build("young", {{"build_number", 1}, {"timestamp", 2}}),
                    build("low", {{"build_number", 0}, {"timestamp", 9}}),
                    with(entry("lib", "2.0", "odd"), {{"track_features", "odd"}})});
    world.chosen(channel_a + "[dependencies]\nlib = \"*\"\n");
    EXPECT_EQ(solution_of(world).packages[0].file, "lib-1.0-young.conda");
    world.chosen(channel_a + "[dependencies]\nlib = \"* low\"\n");
    EXPECT_EQ(solution_of(world).packages[0].file, "lib-1.0-low.conda");
    world.chosen(channel_a + "[dependencies]\nlib = \">=2\"\n");
    EXPECT_EQ(solution_of(world).packages[0].file, "lib-2.0-odd.conda");
}

TEST(OneSolve, FactsOfTheTargetAreMetOrNot) {
    Mixed world;
    world.add("a", {needing(entry("lib", "1.0"), {"__glibc >=2.17", "__unix", "__linux"}),
                    needing(entry("lib", "2.0"), {"__glibc >=2.36"}),
                    needing(entry("lib", "3.0"), {"__cuda >=12"}),
                    with(entry("bound", "1.0"),
                         {{"constrains", Json::Array{Json("__glibc <2.20"), Json("gone >=2")}}})});
    const std::string none = channel_a + "[targets.t]\nplatform = \"linux-64\"\ngpus = \"none\"\n";
    const std::string lib = "[dependencies]\nlib = \"*\"\n";
    EXPECT_THAT(world.chosen(none + lib), ElementsAre("lib 1.0 linux-64"));
    EXPECT_THAT(world.chosen(none + "glibc = \"2.38\"\n" + lib), ElementsAre("lib 2.0 linux-64"));
    EXPECT_THAT(world.chosen(channel_a + lib), ElementsAre("lib 3.0 linux-64"))
        << "what a target leaves open may be anything";
    EXPECT_THAT(world.chosen(channel_a + "[gpu]\naccelerator = \"cpu\"\n" + lib),
                ElementsAre("lib 1.0 linux-64"));
    EXPECT_THAT(world.chosen(channel_a + "[dependencies]\nbound = \"*\"\n"), IsEmpty());
}

TEST(OneSolve, WhatIsAskedOfTheDriverIsTheLeastThatWillDo) {
    Mixed world;
    world.add("a", {needing(entry("lib", "1.0"), {"__cuda >=12.4"}),
                    needing(entry("old", "1.0"), {"__cuda >=12"})});
    universe::FactsTable facts{std::nullopt};
    const auto driver_for = [&](const std::string& name) {
        world.chosen(channel_a + "[dependencies]\n" + name + " = \"*\"\n");
        return gpu_needs(solution_of(world).packages, std::get<Resolution>(world.answer),
                         *world.universe, {}, facts)
            .driver;
    };
    const auto of_toolkit = [&](const char* toolkit) {
        return facts.get()
            .least_driver(ToolkitVersion::parse(toolkit).value(), gpu::DriverSystem::linux_kernel)
            ->value;
    };
    EXPECT_EQ(driver_for("lib"), of_toolkit("12.4"));
    EXPECT_EQ(driver_for("old"), DriverVersion::parse("525.60.13"));
}

TEST(OneSolve, HoweverADependencyIsWrittenALockCanHoldIt) {
    for (const auto& [written, locked] : std::vector<std::pair<std::string, std::string>>{
             {"lib>=1", "lib >=1"},
             {"lib=1", "lib =1"},
             {"lib=1.0=*", "lib =1.0=*"},
             {"lib>= 1", "lib >= 1"},
             {"lib[version='>=1']", "lib[version='>=1']"},
             {"a::lib 1.0", "lib 1.0"},
             {"lib\t>=1", "lib"}}) {
        Mixed world;
        world.add("a", {needing(entry("app", "1.0"), {written}), entry("lib", "1.0")});
        ASSERT_EQ(world.chosen(channel_a + "[dependencies]\napp = \"*\"\n").size(), 2U) << written;
        EXPECT_THAT(solution_of(world).packages.front().dependencies, ElementsAre(locked))
            << written;
        const Lock lock = compose_lock({solution_of(world)}, sha256_of("manifest"), {});
        EXPECT_EQ(lockfiles::parse(lockfiles::to_text(lock), "envpm.lock"), lock) << written;
    }
}

TEST(OneSolve, ALimitIsNoNeed) {
    Mixed world;
    world.add("a", {with(entry("tool", "1.0"), {{"constrains", Json::Array{Json("lib <2")}}}),
                    needing(entry("app", "1.0"), {"lib", "tool"}), entry("lib", "1.0"),
                    entry("lib", "2.0")});
    EXPECT_THAT(world.chosen(channel_a + "[dependencies]\ntool = \"*\"\n"),
                ElementsAre("tool 1.0 linux-64"));
    EXPECT_THAT(world.chosen(channel_a + "[dependencies]\napp = \"*\"\n"),
                ElementsAre("app 1.0 linux-64", "lib 1.0 linux-64", "tool 1.0 linux-64"));
    EXPECT_THAT(solution_of(world).packages[2].dependencies, IsEmpty());
    EXPECT_THAT(world.asked(), Not(Contains(testing::HasSubstr("pypi.example.org"))))
        << "no wheel is wanted";
}

TEST(OneSolve, ARecordThatCannotBeReadIsPassedOver) {
    Mixed world;
    world.add("a", {entry("lib", "1.0"), needing(entry("lib", "2.0"), {"other <=>2"})});
    EXPECT_THAT(world.chosen(channel_a + "[dependencies]\nlib = \"*\"\n"),
                ElementsAre("lib 1.0 linux-64"));
}

TEST(OneSolve, NothingNewerThanTheMomentIsACandidate) {
    Mixed world;
    world.add("a", {with(entry("lib", "1.0"), {{"timestamp", std::int64_t{1'700'000'000'000}}}),
                    with(entry("lib", "2.0"), {{"timestamp", std::int64_t{1'800'000'000'000}}})});
    EXPECT_THAT(world.chosen("[workspace]\nname = \"x\"\nchannels = [\"a\"]\n"
                             "exclude-newer = \"2025-01-01\"\n"
                             "[channels]\na = \"https://a.example.org\"\n"
                             "[dependencies]\nlib = \"*\"\n"),
                ElementsAre("lib 1.0 linux-64"));
}

TEST(OneSolve, WhatIsNewerThanTheMomentIsTheReason) {
    Mixed world;
    world.add("a", {with(entry("lib", "2.0"), {{"timestamp", std::int64_t{1'800'000'000'000}}})});
    EXPECT_THAT(world.chosen("[workspace]\nname = \"x\"\nchannels = [\"a\"]\n"
                             "exclude-newer = \"2025-01-01\"\n"
                             "[channels]\na = \"https://a.example.org\"\n"
                             "[dependencies]\nlib = \"*\"\n"),
                IsEmpty());
    const auto reasons = advice::explain_reasons(std::get<Conflict>(world.answer), *world.universe,
                                                 {*world.listings, nullptr, nullptr});
    ASSERT_EQ(reasons.size(), 2U);
    EXPECT_EQ(reasons[1].text, "every build of lib is newer than exclude-newer");
}

TEST(OneSolve, AnExtraOfACondaPackageIsThePackage) {
    Mixed world;
    world.add("a", with_pythons({needing(entry("requests", "2.0"), {"python"})}));
    world.indexes.add("pypi", "user", {{"user-1.0-py3-none-any.whl", {"requests[socks]"}}});
    EXPECT_THAT(world.chosen(channel_a + "[pypi-dependencies]\nuser = \"*\"\n"),
                ElementsAre("python 3.13.1 linux-64", "requests 2.0 linux-64", "user 1.0 wheel"));
    EXPECT_THAT(solution_of(world).packages[1].extras, IsEmpty());
}

TEST(OneSolve, OverridesReplaceWhatCondaPackagesSay) {
    Mixed world;
    world.add("a", {needing(entry("lib", "1.0"), {"numpy <2"}),
                    needing(entry("numpy", "1.0"), {"python"}),
                    needing(entry("numpy", "2.0"), {"python"})});
    EXPECT_THAT(world.chosen(channel_a + "[dependencies]\nlib = \"*\"\n[overrides]\n"
                                         "numpy = \">=2\"\n"),
                Contains("numpy 2.0 linux-64"));
}

} // namespace
} // namespace envpm::locking
