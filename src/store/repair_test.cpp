#include "base/error.h"
#include "store/quarantine.h"
#include "store/restore.h"
#include "store/world_for_tests.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace envpm::store {

namespace {

using test::listing;
using test::wheel;
using test::World;

using testing::ElementsAre;
using testing::IsEmpty;

/// With mode and time as they were, as a disk does it.
void damage(const std::filesystem::path& file, const std::string& content) {
    struct stat status {};

    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    ::chmod(file.c_str(), 0644);
    {
        const Fd out = open_file(file, O_WRONLY | O_TRUNC);
        write_all(out.get(), content, "a test");
    }
    const struct timespec times[2] = {status.st_atim, status.st_mtim};
    ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
    ASSERT_EQ(::chmod(file.c_str(), status.st_mode & 07777U), 0);
}

ino_t inode_of(const std::filesystem::path& file) {
    struct stat status {};

    return ::stat(file.c_str(), &status) == 0 ? status.st_ino : 0;
}

struct Damaged {
    World world;
    Archive archive = world.archive("a", wheel("a"));
    ObjectName name{sha256_of("the same in every wheel"), false};
    std::filesystem::path object = world.paths.object(name.digest, false);
    Quarantine quarantine{world.paths};

    Damaged() { world.take_in({archive}); }

    void take_in_again() {
        ThreadPool pool(2);
        const Store store = Store::open(world.root);
        Intake intake(store, pool, world.progress);
        intake.replace({name}, quarantine);
        intake.add(archive);
        intake.publish();
    }

    std::vector<std::string> kept() const {
        std::vector<std::string> contents;
        for (const std::string& file : listing(world.paths.quarantine())) {
            contents.push_back(read_file(world.paths.quarantine() / file));
        }
        return contents;
    }
};

TEST(Replacing, PutsTheDamagedObjectAsideAndTheRightOneInItsPlace) {
    Damaged damaged;
    damage(damaged.object, "THE SAME IN EVERY WHEEL");
    const ino_t before = inode_of(damaged.object);
    damaged.take_in_again();
    EXPECT_EQ(read_file(damaged.object), "the same in every wheel");
    EXPECT_NE(inode_of(damaged.object), before);
    EXPECT_THAT(damaged.kept(), ElementsAre("THE SAME IN EVERY WHEEL"));
    EXPECT_THAT(damaged.world.damages(), IsEmpty());
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(damaged.world.paths.temporary()),
                            std::filesystem::directory_iterator()),
              0);
}

TEST(Replacing, MovesAFolderOutOfTheWay) {
    Damaged damaged;
    std::filesystem::remove(damaged.object);
    write_file(damaged.object / "inside", "x", Durability::cached);
    damaged.take_in_again();
    EXPECT_EQ(read_file(damaged.object), "the same in every wheel");
    EXPECT_THAT(damaged.kept(), ElementsAre("x"));
}

TEST(Replacing, LeavesOtherObjectsAlone) {
    Damaged damaged;
    const std::filesystem::path other =
        damaged.world.paths.object(sha256_of("print('a')\n"), false);
    const ino_t before = inode_of(other);
    damaged.take_in_again();
    EXPECT_EQ(inode_of(other), before);
}

TEST(Replacing, KeepsWhatIsThereIfTheArchiveCannotBeHad) {
    Damaged damaged;
    damage(damaged.object, "THE SAME IN EVERY WHEEL");
    write_file(damaged.archive.file, "no wheel", Durability::cached);
    EXPECT_THROW(damaged.take_in_again(), Error);
    EXPECT_EQ(read_file(damaged.object), "THE SAME IN EVERY WHEEL");
    EXPECT_EQ(damaged.quarantine.folder(), std::nullopt);
}

TEST(RestoringLooks, SetsModeAndTimeOfTheSameFile) {
    Damaged damaged;
    ::chmod(damaged.object.c_str(), 0600);
    ::utimensat(AT_FDCWD, damaged.object.c_str(), nullptr, 0);
    ThreadPool pool(2);
    const StoreVerdict verdict =
        verify(damaged.world.paths, VerifyDepth::full, pool, damaged.world.progress);
    ASSERT_EQ(verdict.damages.size(), 1);
    const ino_t before = inode_of(damaged.object);
    restore_looks(verdict.damages.front());
    EXPECT_EQ(inode_of(damaged.object), before);
    EXPECT_THAT(damaged.world.damages(), IsEmpty());
}

TEST(RestoringLooks, FollowsNoLink) {
    Damaged damaged;
    const std::filesystem::path victim = damaged.world.folder.path() / "victim";
    write_file(victim, "x", Durability::cached);
    ::chmod(victim.c_str(), 0600);
    std::filesystem::remove(damaged.object);
    std::filesystem::create_symlink(victim, damaged.object);
    EXPECT_THROW(restore_looks({damaged.object, "mode", DamageKind::looks}), Error);

    struct stat status {};

    ASSERT_EQ(::stat(victim.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST(Quarantine, KeepsACopyWhereNoSecondNameCanBe) {
    struct stat one {};

    struct stat other {};

    World world;
    const TemporaryFolder elsewhere(std::filesystem::temp_directory_path());
    ASSERT_EQ(::stat(world.folder.path().c_str(), &one), 0);
    ASSERT_EQ(::stat(elsewhere.path().c_str(), &other), 0);
    if (one.st_dev == other.st_dev) {
        GTEST_SKIP() << "needs two file systems";
    }
    const std::filesystem::path file = elsewhere.path() / "file";
    write_file(file, "damaged", Durability::cached);
    std::filesystem::create_symlink("nowhere", elsewhere.path() / "link");
    Store::open(world.root);
    Quarantine quarantine(world.paths);
    quarantine.keep(file);
    quarantine.keep(elsewhere.path() / "link");
    EXPECT_TRUE(std::filesystem::exists(file));
    EXPECT_EQ(read_file(*quarantine.folder() / "0-file"), "damaged");
    EXPECT_EQ(std::filesystem::read_symlink(*quarantine.folder() / "1-link"), "nowhere");
}

TEST(Quarantine, TakesWhatHasTheLongestName) {
    World world;
    Store::open(world.root);
    Quarantine quarantine(world.paths);
    std::string name = "\u00e9";
    while (name.size() <= 253) {
        name += "\u00e9";
    }
    for (const std::string& one : {name, std::string(255, 'n')}) {
        open_file(world.folder.path() / one, O_WRONLY | O_CREAT);
        quarantine.keep(world.folder.path() / one);
        quarantine.move(world.folder.path() / one);
    }
    const std::vector<std::string> kept = listing(*quarantine.folder());
    ASSERT_EQ(kept.size(), 4U);
    for (const std::string& one : kept) {
        EXPECT_THAT(one, testing::AnyOf(testing::EndsWith("nnn"), testing::EndsWith("\u00e9")));
    }
}

TEST(Quarantine, MovesAFolderOfOnesOwnThatMayNotBeWrittenTo) {
    World world;
    Store::open(world.root);
    const std::filesystem::path folder = world.folder.path() / "closed";
    std::filesystem::create_directories(folder);
    test::give_to_nobody(world);
    ::chmod(folder.c_str(), 0555);
    const int status = test::as_nobody(world, [&] {
        Quarantine quarantine(world.paths);
        quarantine.move(folder);

        struct stat moved {};

        const std::filesystem::path to = *quarantine.folder() / "0-closed";
        return ::stat(to.c_str(), &moved) == 0 && (moved.st_mode & 07777U) == 0555;
    });
    EXPECT_EQ(status, 0);
    EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(Quarantine, HasNoFolderToNameIfNothingCouldBePutThere) {
    World world;
    Store::open(world.root);
    Quarantine quarantine(world.paths);
    EXPECT_THROW(quarantine.move(world.folder.path() / "nothing"), Error);
    EXPECT_EQ(quarantine.folder(), std::nullopt);
}

TEST(Quarantine, KeepsASecondNameAndMovesWhatItIsToldTo) {
    World world;
    const std::filesystem::path one = world.folder.path() / "one";
    const std::filesystem::path two = world.folder.path() / "two";
    write_file(one, "1", Durability::cached);
    write_file(two, "2", Durability::cached);
    Store::open(world.root);
    Quarantine quarantine(world.paths);
    EXPECT_EQ(quarantine.folder(), std::nullopt);
    quarantine.keep(world.folder.path() / "nothing");
    quarantine.keep(one);
    quarantine.move(two);
    EXPECT_TRUE(std::filesystem::exists(one));
    EXPECT_FALSE(std::filesystem::exists(two));
    EXPECT_EQ(listing(*quarantine.folder()).size(), 2U);
}

} // namespace

} // namespace envpm::store
