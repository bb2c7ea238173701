#include "store/collect_plan.h"
#include "store/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::store {

namespace {

using test::add_prefix;
using test::add_project;
using test::later;
using test::World;

using testing::ElementsAre;

/// A prefix that nobody uses, and what a collector decides of it.
struct Planned {
    World world;
    CollectRequest request = later();
    std::filesystem::path prefix;
    CollectPlan plan;

    Planned() {
        world.take_in({});
        request.processes = world.folder.path() / "proc";
        std::filesystem::create_directories(request.processes);
        prefix = add_prefix(world, "one", {});
        plan = plan_collection(world.paths, request);
        EXPECT_THAT(plan.prefixes, ElementsAre(prefix));
    }

    [[nodiscard]] bool is_outdated() const {
        return store::is_outdated(plan, world.paths, request);
    }
};

TEST(CollectPlan, StandsAsLongAsNothingComesIntoUse) {
    EXPECT_FALSE(Planned().is_outdated());
}

TEST(CollectPlan, IsOutdatedByAProgramThatWasStarted) {
    const Planned planned;
    std::filesystem::create_directories(planned.request.processes / "12");
    std::filesystem::create_symlink(planned.prefix / "bin/python",
                                    planned.request.processes / "12/exe");
    EXPECT_TRUE(planned.is_outdated());
}

TEST(CollectPlan, IsOutdatedByAProjectThatWasRegistered) {
    const Planned planned;
    add_project(planned.world, "project", planned.prefix);
    EXPECT_TRUE(planned.is_outdated());
}

TEST(CollectPlan, IsOutdatedByALeaseOfAnotherHost) {
    const Planned planned;
    renew_lease(planned.world.paths, "one", "/far", {"another", "machine", "pid:[1]", "", ""});
    EXPECT_TRUE(planned.is_outdated());
}

TEST(CollectPlan, IsOutdatedByAProjectThatIsBack) {
    Planned planned;
    const std::filesystem::path project = planned.world.folder.path() / "project";
    add_project(planned.world, "project", planned.prefix);
    std::filesystem::rename(project, planned.world.folder.path() / "away");
    planned.plan = plan_collection(planned.world.paths, planned.request);
    EXPECT_FALSE(planned.is_outdated());
    std::filesystem::rename(planned.world.folder.path() / "away", project);
    EXPECT_TRUE(planned.is_outdated());
}

} // namespace

} // namespace envpm::store
