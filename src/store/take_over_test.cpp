#include "base/error.h"
#include "store/object_name.h"
#include "store/object_stage.h"
#include "store/tree_file.h"
#include "store/world_for_tests.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <future>
#include <set>
#include <stop_token>

namespace envpm::store {

namespace {

using test::in_child;
using test::listing;
using test::wheel;
using test::World;

/// Unpacks these and is killed before it publishes.
void unpack_and_die(World& world, const std::vector<Archive>& archives) {
    const int status = in_child([&] {
        ThreadPool pool(2);
        const Store store = Store::open(world.root);
        std::atomic<std::size_t> staged = 0;
        Intake intake(store, pool, world.progress, [&](const Tree& /*tree*/) {
            if (++staged == archives.size()) {
                ::raise(SIGKILL);
            }
        });
        for (const Archive& archive : archives) {
            intake.add(archive);
        }
        intake.publish();
    });
    ASSERT_TRUE(WIFSIGNALED(status));
}

std::set<Sha256> digests(const std::vector<Archive>& archives) {
    std::set<Sha256> out;
    for (const Archive& archive : archives) {
        out.insert(archive.sha256);
    }
    return out;
}

/// What a new intake takes over of these, and publishes.
std::set<Sha256> take_over(World& world, const std::vector<Archive>& archives) {
    ThreadPool pool(2);
    const Store store = Store::open(world.root);
    Intake intake(store, pool, world.progress);
    std::set<Sha256> had = intake.take_over(digests(archives), {});
    intake.publish();
    return had;
}

std::filesystem::path only_stage(const World& world) {
    const std::filesystem::directory_iterator stages(world.root / "tmp");
    return stages->path();
}

/// The stage's object with this content.
std::filesystem::path staged(const World& world, std::string_view content) {
    return only_stage(world) / ObjectName{sha256_of(content), false}.file();
}

/// Other bytes, and the looks of an object.
void damage_at(const std::filesystem::path& file, std::string_view bytes) {
    ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
    const Fd opened = open_file(file, O_WRONLY | O_TRUNC);
    write_all(opened.get(), bytes, file.string());
    const struct timespec times[2] = {{store_time, 0}, {store_time, 0}};
    ASSERT_EQ(::futimens(opened.get(), times), 0);
    ASSERT_EQ(::chmod(file.c_str(), 0444), 0);
}

TEST(TakeOver, WhatAKilledIntakeHadUnpackedIsPublishedWithoutItsArchives) {
    World world;
    const std::vector<Archive> both = {world.archive("a", wheel("a")),
                                       world.archive("b", wheel("b"))};
    unpack_and_die(world, both);
    EXPECT_THAT(listing(world.root / "trees"), testing::IsEmpty());
    std::filesystem::remove_all(world.folder.path() / "wheels");
    EXPECT_EQ(take_over(world, both), digests(both));
    EXPECT_EQ(listing(world.root / "trees").size(), 2U);
    EXPECT_THAT(world.damages(), testing::IsEmpty());
    EXPECT_THAT(listing(world.root / "tmp"), testing::IsEmpty());
}

TEST(TakeOver, WhatIsNotWantedWaitsForAnotherIntake) {
    World world;
    const Archive a = world.archive("a", wheel("a"));
    const Archive b = world.archive("b", wheel("b"));
    unpack_and_die(world, {a, b});
    EXPECT_EQ(take_over(world, {b}), digests({b}));
    EXPECT_EQ(take_over(world, {b}), digests({}));
    EXPECT_EQ(take_over(world, {a}), digests({a}));
    EXPECT_THAT(world.damages(), testing::IsEmpty());
    EXPECT_THAT(listing(world.root / "tmp"), testing::IsEmpty());
}

TEST(TakeOver, AnObjectWithOtherBytesIsNoticedWhateverItLooksLike) {
    const std::string content = "print('a')\n";
    const std::vector<std::string> others = {"print('b')\n", "print('a'", "print('a')\n\n", ""};
    for (const std::string& bytes : others) {
        World world;
        const std::vector<Archive> both = {world.archive("a", wheel("a")),
                                           world.archive("b", wheel("b"))};
        unpack_and_die(world, both);
        damage_at(staged(world, content), bytes);
        EXPECT_EQ(take_over(world, both), digests({both[1]})) << bytes;
        EXPECT_EQ(listing(world.root / "trees").size(), 1U);
        EXPECT_THAT(world.damages(), testing::IsEmpty());
        world.take_in({both[0]}); // from its archive, beside what was damaged
        EXPECT_THAT(world.damages(), testing::IsEmpty());
        EXPECT_EQ(listing(world.root / "trees").size(), 2U);
    }
}

TEST(TakeOver, ALinkAMissingObjectOtherLooksAndADamagedTreeAreNoticed) {
    const std::vector<std::function<void(const World&, const Archive&)>> faults = {
        [](const World& world, const Archive& /*archive*/) {
            std::filesystem::remove(staged(world, "print('a')\n"));
        },
        [](const World& world, const Archive& /*archive*/) {
            const std::filesystem::path file = staged(world, "print('a')\n");
            std::filesystem::rename(file, world.folder.path() / "elsewhere");
            std::filesystem::create_symlink(world.folder.path() / "elsewhere", file);
        },
        [](const World& world, const Archive& /*archive*/) {
            ASSERT_EQ(::chmod(staged(world, "print('a')\n").c_str(), 0644), 0);
        },
        [](const World& world, const Archive& archive) {
            const std::filesystem::path tree = only_stage(world) / staged_tree_file(archive.sha256);
            std::string text = read_file(tree);
            text[text.find("code.py")] = 'k';
            damage_at(tree, text);
        },
        [](const World& world, const Archive& /*archive*/) {
            ASSERT_EQ(::chmod(only_stage(world).c_str(), 0777), 0); // anyone may have written there
        },
    };
    for (const auto& fault : faults) {
        World world;
        const Archive archive = world.archive("a", wheel("a"));
        unpack_and_die(world, {archive});
        fault(world, archive);
        EXPECT_THAT(take_over(world, {archive}), testing::IsEmpty());
        EXPECT_THAT(listing(world.root / "trees"), testing::IsEmpty());
        EXPECT_THAT(listing(world.root / "objects"), testing::IsEmpty());
    }
}

TEST(TakeOver, ALivingIntakeLendsWhatItHasAndPublishesTheSame) {
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    ThreadPool pool(2);
    const Store store = Store::open(world.root);
    std::promise<void> is_staged;
    Intake living(store, pool, world.progress,
                  [&](const Tree& /*tree*/) { is_staged.set_value(); });
    living.add(archive);
    is_staged.get_future().wait();
    EXPECT_EQ(take_over(world, {archive}), digests({archive}));
    EXPECT_THAT(world.damages(), testing::IsEmpty());
    living.publish();
    EXPECT_THAT(world.damages(), testing::IsEmpty());
    EXPECT_EQ(listing(world.root / "trees").size(), 1U);
}

TEST(TakeOver, AFailedIntakeKeepsWhatItToldOf) {
    World world;
    const Archive good = world.archive("a", wheel("a"));
    {
        ThreadPool pool(2);
        const Store store = Store::open(world.root);
        std::promise<void> is_staged;
        Intake intake(store, pool, world.progress,
                      [&](const Tree& /*tree*/) { is_staged.set_value(); });
        intake.add(good);
        is_staged.get_future().wait();
        intake.add(world.archive("evil", "not a wheel at all"));
        EXPECT_THROW(intake.publish(), Error);
    }
    EXPECT_THAT(listing(world.root / "trees"), testing::IsEmpty());
    EXPECT_EQ(take_over(world, {good}), digests({good}));
    EXPECT_THAT(world.damages(), testing::IsEmpty());
    EXPECT_THAT(listing(world.root / "tmp"), testing::IsEmpty());
}

TEST(TakeOver, StopsWhenAskedTo) {
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    unpack_and_die(world, {archive});
    {
        ThreadPool pool(2);
        const Store store = Store::open(world.root);
        Intake intake(store, pool, world.progress);
        std::stop_source stop;
        stop.request_stop();
        EXPECT_THROW(intake.take_over({archive.sha256}, stop.get_token()), Error);
    }
    EXPECT_EQ(take_over(world, {archive}), digests({archive}));
}

/// What stands in the stage when an intake tells of an archive.
TEST(TakeOver, AnArchiveIsToldOfWhenAllItsObjectsAreThereThoughOthersWroteThem) {
    World world;
    const std::string common(3'000'000, 'c');
    std::vector<Archive> archives;
    for (int i = 0; i < 8; ++i) {
        const std::string name = std::to_string(i);
        archives.push_back(
            world.archive(name, test::make_zip({{.name = "common.bin", .content = common},
                                                {.name = name + ".py", .content = name}})));
    }
    ThreadPool pool(4);
    const Store store = Store::open(world.root);
    std::atomic<int> told = 0;
    Intake intake(store, pool, world.progress, [&](const Tree& tree) {
        const auto written =
            parse_tree(read_file(only_stage(world) / staged_tree_file(tree.archive)), tree.archive);
        EXPECT_EQ(written, tree);
        for (const TreeFile& file : tree.files) {
            const ObjectName name{file.object, file.is_executable};
            EXPECT_EQ(sha256_of_file(only_stage(world) / name.file()), name.digest);
        }
        ++told;
    });
    for (const Archive& archive : archives) {
        intake.add(archive);
    }
    intake.publish();
    EXPECT_EQ(told, 8);
    EXPECT_THAT(world.damages(), testing::IsEmpty());
}

} // namespace

} // namespace envpm::store
