#include "base/error.h"
#include "store/world_for_tests.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace envpm::store {

namespace {

using test::listing;
using test::wheel;
using test::World;

using testing::ElementsAre;
using testing::IsEmpty;

/// A lower store with two wheels, and one of one's own that takes from it.
struct Worlds {
    World lower;
    World own;
    Archive a = lower.archive("a", wheel("a"));
    Archive b = lower.archive("b", wheel("b"));
    std::filesystem::path shared = lower.paths.object(sha256_of("the same in every wheel"), false);

    Worlds() { lower.take_in({a, b}); }

    std::set<Sha256> take(const std::set<Sha256>& wanted) {
        ThreadPool pool(2);
        const Store store = Store::open(own.root);
        Intake intake(store, pool, own.progress);
        std::set<Sha256> had = intake.take_from(lower.paths, wanted, {});
        intake.publish();
        return had;
    }
};

TEST(TakingFromALowerStore, BringsWhatIsWantedAndChangesNothingThere) {
    Worlds worlds;
    const std::vector<std::string> before = listing(worlds.lower.root);
    const Sha256 unknown = sha256_of("unknown");
    EXPECT_THAT(worlds.take({worlds.a.sha256, unknown}), ElementsAre(worlds.a.sha256));
    EXPECT_TRUE(Store::open(worlds.own.root).tree(worlds.a.sha256));
    EXPECT_FALSE(Store::open(worlds.own.root).tree(worlds.b.sha256));
    EXPECT_THAT(worlds.own.damages(), IsEmpty());
    EXPECT_EQ(listing(worlds.lower.root), before);
    EXPECT_THAT(listing(worlds.own.paths.temporary()), IsEmpty());
}

TEST(TakingFromALowerStore, LeavesOutWhatIsDamagedThere) {
    Worlds worlds;
    ::chmod(worlds.shared.c_str(), 0644);
    {
        const Fd file = open_file(worlds.shared, O_WRONLY);
        write_all(file.get(), "T", "a test");
    }
    ::chmod(worlds.shared.c_str(), 0444);
    const struct timespec times[2] = {{store_time, 0}, {store_time, 0}};
    ::utimensat(AT_FDCWD, worlds.shared.c_str(), times, 0);
    EXPECT_THAT(worlds.take({worlds.a.sha256}), IsEmpty());
    EXPECT_THAT(listing(worlds.own.root / "objects"), IsEmpty());
    EXPECT_THAT(listing(worlds.own.root / "trees"), IsEmpty());
}

TEST(TakingFromALowerStore, CopiesFromAnotherFileSystem) {
    Worlds worlds;
    const TemporaryFolder elsewhere(std::filesystem::temp_directory_path());

    struct stat here {};

    struct stat there {};

    ASSERT_EQ(::stat(elsewhere.path().c_str(), &here), 0);
    ASSERT_EQ(::stat(worlds.lower.root.c_str(), &there), 0);
    if (here.st_dev == there.st_dev) {
        GTEST_SKIP() << "needs two file systems";
    }
    ThreadPool pool(2);
    const Store store = Store::open(elsewhere.path() / "store");
    Intake intake(store, pool, worlds.own.progress);
    EXPECT_EQ(intake.take_from(worlds.lower.paths, {worlds.a.sha256, worlds.b.sha256}, {}).size(),
              2);
    intake.publish();
    EXPECT_THAT(verify(store.paths(), VerifyDepth::full, pool, worlds.own.progress).damages,
                IsEmpty());
    EXPECT_TRUE(store.tree(worlds.b.sha256));
}

TEST(TakingFromALowerStore, NeedsAStoreThereOrNothing) {
    Worlds worlds;
    std::filesystem::remove(worlds.lower.root / "VERSION");
    EXPECT_THROW(worlds.take({worlds.a.sha256}), Error);
    std::filesystem::remove_all(worlds.lower.root);
    EXPECT_THAT(worlds.take({worlds.a.sha256}), IsEmpty());
    std::filesystem::create_directory(worlds.lower.root);
    EXPECT_THROW(worlds.take({worlds.a.sha256}), Error);
}

} // namespace

} // namespace envpm::store
