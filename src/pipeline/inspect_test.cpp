#include "pipeline/inspect.h"

#include "base/error.h"
#include "base/files.h"
#include "universe/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using universe::test::name_of;

LockedPackage package(const std::string& name, std::vector<std::string> dependencies = {}) {
    return {name_of(name),   "1.0",       "pypi", name + ".whl",           0,
            sha256_of(name), {"default"}, {},     std::move(dependencies), false};
}

/// app → web → core, app → cli → web, tool → core, and a pair that needs each other.
LockedView view() {
    LockedView out{{{}, {}, sha256_of("env"), {}}, {}, {}, {}};
    out.packages = {package("app", {"cli", "web >=1"}),
                    package("cli", {"web[fast] >=1"}),
                    package("core"),
                    package("one", {"two"}),
                    package("tool", {"core"}),
                    package("two", {"one"}),
                    package("web", {"core <2"})};
    out.requested = {name_of("app"), name_of("tool"), name_of("one")};
    return out;
}

TEST(NameOfDependency, LeavesOutExtrasAndSpecifiers) {
    EXPECT_EQ(name_of_dependency("web"), name_of("web"));
    EXPECT_EQ(name_of_dependency("web >=1"), name_of("web"));
    EXPECT_EQ(name_of_dependency("web[fast] >=1"), name_of("web"));
    EXPECT_THROW((void)name_of_dependency(">=1"), Error);
}

TEST(Why, GivesEachRequestsShortestPath) {
    EXPECT_THAT(why(view(), name_of("core")),
                ElementsAre(ElementsAre("app", "web", "core"), ElementsAre("tool", "core")));
    EXPECT_THAT(why(view(), name_of("web")), ElementsAre(ElementsAre("app", "web")));
}

TEST(Why, ARequestedPackageIsItsOwnReason) {
    EXPECT_THAT(why(view(), name_of("tool")), ElementsAre(ElementsAre("tool")));
}

TEST(Why, EndsWherePackagesNeedEachOther) {
    EXPECT_THAT(why(view(), name_of("two")), ElementsAre(ElementsAre("one", "two")));
}

TEST(Why, IsEmptyForWhatTheManifestNoLongerNeeds) {
    LockedView orphaned = view();
    orphaned.requested = {name_of("tool")};
    EXPECT_THAT(why(orphaned, name_of("web")), IsEmpty());
}

TEST(Why, OffersTheNearMissOfWhatIsNotLocked) {
    try {
        (void)why(view(), name_of("cor"));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.text().what, "`cor` is not in the lock");
        EXPECT_EQ(error.text().hint, "did you mean `core`?");
    }
}

TEST(Why, NamesTheTargetsThatHaveWhatThisOneHasNot) {
    LockedView without = view();
    without.target.target.name = "gpubox";
    without.elsewhere = {package("big")};
    without.elsewhere.front().targets = {"arm", "laptop"};
    try {
        (void)why(without, name_of("big"));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.text().what,
                  "`big` is not locked for target `gpubox`, but for `arm`, `laptop`");
        EXPECT_EQ(error.text().hint, "add `--target arm`");
    }
}

TEST(ViewLock, WithoutALockSaysHowToMakeOne) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    write_file(folder.path() / "envpm.toml", "[workspace]\nname = \"demo\"\n");
    try {
        SilentProgress progress;
        project::Services services({}, {}, progress);
        (void)view_lock({folder.path() / "envpm.toml"}, std::nullopt, services);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::lock_out_of_date);
        EXPECT_THAT(error.text().hint, HasSubstr("`envpm lock`"));
    }
}

TEST(Inform, ShowsNoCredentialsOfAnIndex) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    write_file(folder.path() / "envpm.toml", "[workspace]\nname = \"demo\"\n");
    project::Settings settings;
    settings.cache_root = folder.path() / "cache";
    settings.mirrors["pypi"] = {
        {"https://user:secret@a.example.org/simple", "PIP_INDEX_URL", project::MirrorKind::pip}};
    SilentProgress progress;
    project::Services services(settings, {}, progress);
    const Information information =
        inform(project::Project{folder.path() / "envpm.toml"}, std::nullopt, services);
    ASSERT_EQ(information.indexes.size(), 1U);
    EXPECT_THAT(information.indexes[0].urls, ElementsAre("https://a.example.org/simple"));
    EXPECT_EQ(information.workspace, "demo");
    EXPECT_EQ(information.lock_problem, "there is no envpm.lock yet");
}

} // namespace
} // namespace envpm::pipeline
