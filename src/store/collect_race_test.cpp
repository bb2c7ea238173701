#include "base/error.h"
#include "store/collect_plan.h"
#include "store/world_for_tests.h"

#include <dirent.h>
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <ctime>
#include <functional>
#include <utility>

namespace {

/// What another process does right after this one has listed a folder.
struct Interruption {
    std::filesystem::path folder;
    std::function<void()> then; ///< once
};

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): C calls have no other place.
Interruption interruption;

} // namespace

/// Stands before the C library's.
extern "C" int closedir(DIR* entries) {
    static const auto real =
        reinterpret_cast<int (*)(DIR*)>(::dlsym(RTLD_NEXT, "closedir")); // NOLINT: as dlsym gives
    const bool is_due =
        interruption.then &&
        std::filesystem::equivalent(interruption.folder,
                                    "/proc/self/fd/" + std::to_string(::dirfd(entries)));
    const int result = real(entries);
    if (is_due) {
        std::exchange(interruption.then, {})();
    }
    return result;
}

namespace {

/// How far the clock of this process is ahead of the one that gives files their times.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): C calls have no other place.
std::atomic<std::int64_t> seconds_ahead = 0;

} // namespace

/// Stands before the C library's.
extern "C" int clock_gettime(clockid_t clock, struct timespec* time) noexcept {
    static const auto real = reinterpret_cast<int (*)(clockid_t, struct timespec*)>( // NOLINT
        ::dlsym(RTLD_NEXT, "clock_gettime"));
    const int result = real(clock, time);
    if (clock == CLOCK_REALTIME) {
        time->tv_sec += seconds_ahead;
    }
    return result;
}

namespace envpm::store {

namespace {

using test::add_prefix;
using test::add_project;
using test::later;
using test::listing;
using test::wheel;
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

/// A prefix that nobody uses. The quarantine is the last that a collector looks into before it
/// removes something.
struct Interrupted {
    World world;
    CollectRequest request = later();
    std::filesystem::path prefix;

    Interrupted() {
        world.take_in({world.archive("a", wheel("a"))});
        request.processes = world.folder.path() / "proc";
        std::filesystem::create_directories(request.processes);
        std::filesystem::create_directories(world.paths.quarantine());
        prefix = add_prefix(world, "one", {});
    }

    CollectReport collect_while(const std::function<void()>& then) {
        interruption = {world.paths.quarantine(), then};
        CollectReport report = collect(world.paths, request, world.progress);
        EXPECT_FALSE(interruption.then) << "the collector was not interrupted";
        return report;
    }
};

TEST(Collect, KeepsWhatAProgramWasStartedInWhileItDecided) {
    Interrupted store;
    const CollectReport report = store.collect_while([&store] {
        std::filesystem::create_directories(store.request.processes / "12");
        std::filesystem::create_symlink(store.prefix / "bin/python",
                                        store.request.processes / "12/exe");
    });
    EXPECT_THAT(report.running, ElementsAre("one"));
    EXPECT_TRUE(std::filesystem::exists(store.prefix / "lib/generated.py"));
}

TEST(Collect, TellsAgesByTheClockOfTheFilesAlone) {
    constexpr std::int64_t year = 365 * 86400;
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    world.take_in({archive});
    const std::filesystem::path prefix = add_prefix(world, "one", {});
    add_prefix(world, "leased", {archive});
    renew_lease(world.paths, "leased", "/far", {"another", "machine", "pid:[1]", "", ""});
    CollectRequest request;
    request.grace = std::chrono::hours(1);
    seconds_ahead = year;
    EXPECT_THAT(collect(world.paths, request, world.progress).removed, testing::IsEmpty());
    request.grace = std::chrono::seconds(-1);
    seconds_ahead = -year;
    EXPECT_THAT(collect(world.paths, request, world.progress).removed, ElementsAre(prefix));
    seconds_ahead = 0;
}

TEST(Collect, RemovesNothingBehindALinkThatWasPutInPlaceOfAFolder) {
    const auto folders = {"objects/sha256", "trees/sha256", "roots", "p", "quarantine"};
    for (const std::string folder : folders) {
        Interrupted store;
        const std::filesystem::path root = store.world.root;
        std::filesystem::create_symlink("/nowhere", root / "roots/gone");
        write_file(root / "quarantine/old/file", "x", Durability::cached);
        const std::filesystem::path outside = store.world.folder.path() / "outside";
        const std::vector<std::string> before = test::listing(root / folder);
        EXPECT_FALSE(before.empty());
        const auto swap = [&] {
            std::filesystem::rename(root / folder, outside);
            std::filesystem::create_directory_symlink(outside, root / folder);
        };
        EXPECT_THROW(store.collect_while(swap), Error) << folder;
        EXPECT_EQ(test::listing(outside), before);
    }
}

} // namespace

} // namespace envpm::store
