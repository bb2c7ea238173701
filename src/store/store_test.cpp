#include "store/store.h"

#include "base/error.h"
#include "base/told_progress.h"
#include "store/format.h"
#include "store/intake.h"
#include "store/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace envpm::store {

namespace {

using test::World;

using testing::HasSubstr;

std::string fault_of(const std::filesystem::path& root) {
    try {
        Store::open(root);
    } catch (const Error& failure) {
        return failure.what();
    }
    return "opened";
}

TEST(Store, MakesAnEmptyFolderAStoreAndOpensItAgain) {
    const World world;
    Store::open(world.root);
    EXPECT_EQ(read_file(world.root / "VERSION"), "1\n");
    for (const char* name : {"objects/sha256", "trees/sha256", "p", "roots", "tmp"}) {
        EXPECT_TRUE(std::filesystem::is_directory(world.root / name)) << name;
    }
    EXPECT_EQ(fault_of(world.root), "opened");
}

TEST(Store, RefusesANewerFormatAndSaysWhatToDo) {
    const World world;
    Store::open(world.root);
    write_file(world.root / "VERSION", "2\n");
    EXPECT_THAT(fault_of(world.root),
                testing::AllOf(testing::HasSubstr("format 2"), testing::HasSubstr("update envpm")));
    for (const char* text : {"", "1", "0\n", "one\n", "1\n\n"}) {
        write_file(world.root / "VERSION", text);
        EXPECT_THAT(fault_of(world.root), testing::HasSubstr("damaged")) << text;
    }
}

TEST(Store, GetsAVersionBackOnlyIfItSaysNothingAndAllElseIsThere) {
    const World world;
    Store::open(world.root);
    for (const std::string& text : {std::string(), std::string(2, '\0'), std::string("1"),
                                    std::string("\x7f"
                                                "ELF"),
                                    std::string("\n")}) {
        write_file(world.root / "VERSION", text);
        EXPECT_TRUE(has_lost_version(world.paths)) << text;
        EXPECT_THAT(fault_of(world.root), HasSubstr("`envpm repair`")) << text;
    }
    for (const char* text : {"1\n", "2\n", "two\n"}) { // what another envpm may have written
        write_file(world.root / "VERSION", text);
        EXPECT_FALSE(has_lost_version(world.paths)) << text;
    }
    write_file(world.root / "VERSION", "");
    restore_version(world.paths);
    EXPECT_EQ(fault_of(world.root), "opened");
    write_file(world.root / "VERSION", "");
    std::filesystem::remove(world.root / "leases");
    std::filesystem::create_directory_symlink(world.root / "p", world.root / "leases");
    EXPECT_FALSE(has_lost_version(world.paths));
    std::filesystem::remove(world.root / "leases");
    EXPECT_FALSE(has_lost_version(world.paths));
    std::filesystem::remove(world.root / "VERSION");
    EXPECT_FALSE(has_lost_version(world.paths));
}

TEST(Store, GetsBackAVersionThatIsGone) {
    const World world;
    Store::open(world.root);
    std::filesystem::remove(world.root / "VERSION");
    EXPECT_TRUE(has_lost_version(world.paths));
    EXPECT_THAT(fault_of(world.root),
                testing::AllOf(HasSubstr("the `VERSION` of this store is gone"),
                               HasSubstr("`envpm repair`")));
    try {
        require_format(world.paths);
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_THAT(error.text().hint, HasSubstr("`envpm repair`"));
    }
    std::filesystem::remove(world.root / "roots");
    EXPECT_FALSE(has_lost_version(world.paths));
    EXPECT_THAT(fault_of(world.root), HasSubstr("not an envpm store"));
    std::filesystem::create_directory(world.root / "roots");
    restore_version(world.paths);
    EXPECT_EQ(fault_of(world.root), "opened");
}

TEST(Store, DoesNotTakeOverAFolderThatHasATmpOfItsOwn) {
    const World world;
    write_file(world.root / "tmp" / "precious", "x");
    EXPECT_THAT(fault_of(world.root), testing::HasSubstr("not an envpm store"));
    ThreadPool pool(1);
    SilentProgress progress;
    EXPECT_THROW(verify(world.paths, VerifyDepth::quick, pool, progress), Error);
    CollectRequest request;
    request.now = std::chrono::system_clock::now() + std::chrono::hours(1000);
    EXPECT_THROW(collect(world.paths, request, progress), Error);
    EXPECT_TRUE(std::filesystem::exists(world.root / "tmp" / "precious"));
}

TEST(Store, LeavesAFolderThatHoldsSomethingElseAsItWas) {
    const World world;
    write_file(world.root / "passwd", "x");
    EXPECT_THAT(fault_of(world.root), testing::HasSubstr("yet it holds `passwd`"));
    write_file(world.root / "group", "x");
    EXPECT_THAT(fault_of(world.root), testing::HasSubstr("yet it holds `group`"));
    std::filesystem::remove(world.root / "passwd");
    std::filesystem::remove(world.root / "group");
    EXPECT_TRUE(std::filesystem::is_empty(world.root)) << "something was written";
}

TEST(Store, IsNoFile) {
    const World world;
    write_file(world.root / "file", "x");
    EXPECT_THAT(fault_of(world.root / "file"), testing::HasSubstr("a store is a folder"));
    EXPECT_THAT(fault_of("/dev/null"), testing::HasSubstr("a store is a folder"));
}

TEST(Store, IsMadeWhereOnlyTheFileSystemAKillOrTheCacheLeftSomething) {
    const World world;
    std::filesystem::create_directories(world.root / "lost+found");
    write_file(world.root / "store.lock", "");
    write_file(world.root / ".VERSION.0123abcd", "");
    const std::filesystem::path cache = world.root / "var/cache";
    std::filesystem::create_directories(cache);
    EXPECT_THAT(fault_of(world.root), testing::HasSubstr("yet it holds `var`"));
    Store::open(world.root, {}, cache);
    EXPECT_EQ(fault_of(world.root), "opened");

    const World shared;
    write_file(shared.root / "index/page", "x");
    EXPECT_THAT(fault_of(shared.root), testing::HasSubstr("yet it holds `index`"));
    Store::open(shared.root, {}, shared.root / ".");
    EXPECT_EQ(fault_of(shared.root), "opened");
}

TEST(Store, IsToldIfItIsNotThereYet) {
    const World world;
    const StorePaths absent(world.folder.path() / "absent");
    SilentProgress progress;
    try {
        collect(absent, {}, progress);
        FAIL();
    } catch (const Error& failure) {
        EXPECT_EQ(failure.text().what, "there is no store yet");
    }
    EXPECT_FALSE(std::filesystem::exists(absent.root()));
}

TEST(Store, WhoCollectsIsToldThatItWaitsForAnInstall) {
    World world;
    world.take_in({world.archive("a", test::wheel("a"))});
    std::optional<FileLock> install(std::in_place, world.paths.lock(), LockKind::shared);
    envpm::test::ToldProgress progress;
    progress.then = [&install](std::string_view /*line*/) { install.reset(); };
    CollectRequest request;
    request.now = std::chrono::system_clock::now();
    collect(world.paths, request, progress);
    EXPECT_THAT(progress.lines, testing::Contains(testing::HasSubstr("using this store")));
}

TEST(Store, IsMadeByManyAtOnce) {
    constexpr int stores = 400; // each is a small chance
    constexpr int makers = 4;
    const World world;
    ThreadPool pool(makers);
    for (int i = 0; i < stores; ++i) {
        const std::filesystem::path root = world.folder.path() / std::to_string(i);
        parallel_for(pool, makers, [&root](std::size_t) { EXPECT_EQ(fault_of(root), "opened"); });
    }
}

TEST(Store, NeverFollowsALinkInPlaceOfOneOfItsFolders) {
    const World world;
    Store::open(world.root);
    const std::filesystem::path elsewhere = world.folder.path() / "elsewhere";
    write_file(elsewhere / "precious", "x");
    ThreadPool pool(1);
    SilentProgress progress;
    CollectRequest request;
    request.now = std::chrono::system_clock::now() + std::chrono::hours(1000);
    for (const char* name : {"objects", "trees", "p", "roots", "leases", "tmp", "quarantine"}) {
        const std::filesystem::path folder = world.root / name;
        std::filesystem::remove_all(folder);
        std::filesystem::create_directory_symlink(elsewhere, folder);
        EXPECT_THAT(fault_of(world.root), testing::HasSubstr("is a link")) << name;
        EXPECT_THROW(collect(world.paths, request, progress), Error) << name;
        EXPECT_THROW(verify(world.paths, VerifyDepth::quick, pool, progress), Error) << name;
        std::filesystem::remove(folder);
    }
    EXPECT_TRUE(std::filesystem::exists(elsewhere / "precious"));
    EXPECT_EQ(fault_of(world.root), "opened");
}

TEST(Store, SaysThatItCannotBeWritten) {
    const World world;
    Store::open(world.root);
    ::chmod(world.root.c_str(), 0555);
    const int status = test::as_nobody(world, [&] {
        const std::string fault = fault_of(world.root);
        return fault.find("the store cannot be written") != std::string::npos &&
               fault.find("check who owns it") != std::string::npos;
    });
    EXPECT_EQ(status, 0);
    EXPECT_THAT(fault_of("/proc/version/store"), testing::HasSubstr("/proc/version/store"));
}

TEST(Store, KeepsTheCollectorOutWhileItIsOpen) {
    const World world;
    const Store store = Store::open(world.root);
    EXPECT_FALSE(FileLock::try_take(world.paths.lock(), LockKind::exclusive));
    EXPECT_TRUE(FileLock::try_take(world.paths.lock(), LockKind::shared));
}

TEST(Store, ADamagedTreeCountsAsAbsent) {
    World world;
    const Archive archive = world.archive("a", test::wheel("a"));
    world.take_in({archive});
    const Store store = Store::open(world.root);
    ASSERT_TRUE(store.tree(archive.sha256));
    const std::string text = read_file(world.paths.tree(archive.sha256));
    write_file(world.paths.tree(archive.sha256), text.substr(0, text.size() / 2));
    EXPECT_FALSE(store.tree(archive.sha256));
    EXPECT_FALSE(store.tree(sha256_of("never seen")));
}

TEST(Store, SeesThatAnObjectIsGoneAndTakesItInAgain) {
    World world;
    const Archive archive = world.archive("a", test::wheel("a"));
    world.take_in({archive});
    const Tree tree = *Store::open(world.root).tree(archive.sha256);
    EXPECT_TRUE(Store::open(world.root).has_objects(tree.files));
    const TreeFile& file = tree.files.front();
    std::filesystem::remove(world.paths.object(file.object, file.is_executable));
    EXPECT_FALSE(Store::open(world.root).has_objects(tree.files));
    world.take_in({archive});
    EXPECT_TRUE(Store::open(world.root).has_objects(tree.files));
    EXPECT_TRUE(world.damages().empty());
}

TEST(Store, SeesThatAnObjectWasCutOff) {
    World world;
    const Archive archive = world.archive("a", test::wheel("a"));
    world.take_in({archive});
    const Store store = Store::open(world.root);
    const Tree tree = *store.tree(archive.sha256);
    const std::filesystem::path object =
        world.paths.object(sha256_of("the same in every wheel"), false);
    std::filesystem::permissions(object, std::filesystem::perms::owner_all);
    std::filesystem::resize_file(object, 5);
    EXPECT_FALSE(store.has_objects(tree.files));
}

} // namespace

} // namespace envpm::store
