#include "store/space.h"

#include "base/error.h"
#include "store/world_for_tests.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>

#include <limits>

namespace envpm::store {

namespace {

std::string fault_of(const Space& needed, const Space& left) {
    try {
        require_space(needed, left, "/store");
    } catch (const Error& failure) {
        EXPECT_EQ(failure.text().subject, "/store");
        return failure.text().what;
    }
    return {};
}

TEST(Space, NamesWhatIsMissing) {
    EXPECT_EQ(fault_of({100'000'000, 10}, {104'000'000, 10'000}), "");
    EXPECT_EQ(fault_of({100'000'000, 10}, {102'000'000, 10'000}),
              "not enough free space: 103.0 MB needed, 102.0 MB there");
    EXPECT_EQ(fault_of({8'000, 10}, {500, 10'000}),
              "not enough free space: 8.2 kB needed, 0.5 kB there");
    EXPECT_EQ(fault_of({1, 1000}, {1'000'000, 1100}),
              "not enough free inodes: 1600 needed, 1100 there");
    EXPECT_EQ(fault_of({1, 10}, {1'000'000, 36}), "") << "there may be few of them in all";
    EXPECT_EQ(fault_of({1, 10}, {1'000'000, 35}), "not enough free inodes: 36 needed, 35 there");
    EXPECT_EQ(fault_of({1, 1'000'000}, {1'000'000, std::numeric_limits<std::uint64_t>::max()}), "");
}

TEST(Space, TakesSubvolumesOfOneBtrfsForOneDisk) {
    struct statfs one {};

    one.f_type = BTRFS_SUPER_MAGIC;
    one.f_blocks = 1000;
    one.f_fsid = {{7, 256}};
    struct statfs other = one;
    other.f_fsid = {{7, 257}};
    EXPECT_TRUE(is_one_pool(one, other));
    other.f_fsid = {{8, 256}};
    EXPECT_FALSE(is_one_pool(one, other));
    other = one;
    one.f_type = other.f_type = TMPFS_MAGIC;
    EXPECT_FALSE(is_one_pool(one, other)) << "they are of one device, then";
    EXPECT_TRUE(share_a_disk("/proc/self", "/proc/not/made"));
    EXPECT_FALSE(share_a_disk("/proc", "/"));
}

TEST(Space, CountsWholeBlocks) {
    EXPECT_EQ(space_of_file(0).bytes, 0U);
    EXPECT_EQ(space_of_file(1).bytes, 4096U);
    EXPECT_EQ(space_of_file(4096).bytes, 4096U);
    EXPECT_EQ(space_of_file(4097).files, 1U);
}

TEST(Space, LedgerForgetsWhatWasSettled) {
    const std::filesystem::path here = std::filesystem::temp_directory_path();
    const Space left = space_left(here);
    SpaceLedger ledger(here);
    const Space half{left.bytes / 10 * 6, 1};
    ledger.reserve(half);
    EXPECT_THROW(ledger.reserve(half), Error);
    SpaceLedger other(here);
    other.reserve(half);
    other.settle(half);
    other.reserve(half);
}

/// A disk of 2 MB at `place`, in namespaces of this process's own; false where that is forbidden.
bool mount_small_disk(const std::filesystem::path& place) {
    const std::string user = std::to_string(::geteuid());
    const std::string group = std::to_string(::getegid());
    std::filesystem::create_directories(place);
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
        return false;
    }
    const auto write_line = [](const char* path, const std::string& line) {
        const Fd file(::open(path, O_WRONLY | O_CLOEXEC));
        return ::write(file.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size());
    };
    return write_line("/proc/self/uid_map", "0 " + user + " 1") &&
           write_line("/proc/self/setgroups", "deny") &&
           write_line("/proc/self/gid_map", "0 " + group + " 1") &&
           ::mount("none", place.c_str(), "tmpfs", 0, "size=2m,mode=755") == 0;
}

void fill_a_small_disk(const test::World& world, const Archive& archive) {
    if (!mount_small_disk(world.root)) {
        ::_exit(77);
    }
    try {
        ThreadPool pool(2);
        SilentProgress progress;
        const Store store = Store::open(world.root);
        Intake intake(store, pool, progress);
        intake.add(archive);
        intake.publish();
        ::_exit(1);
    } catch (const Error& failure) {
        const bool is_named =
            std::string(failure.what()).find("not enough free space") != std::string::npos;
        const bool is_unchanged = test::listing(world.root / "objects").empty() &&
                                  space_left(world.root).bytes > 1'900'000;
        ::_exit(is_named && is_unchanged ? 0 : 2);
    }
}

TEST(Space, AnArchiveThatWillNotFitIsRefusedBeforeAnythingIsWritten) {
    const test::World world;
    const Archive archive = world.archive(
        "big", test::make_zip({{.name = "big.bin", .content = std::string(3'000'000, 'b')}}));
    const int status = test::in_child([&] { fill_a_small_disk(world, archive); });
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        GTEST_SKIP() << "no mount namespaces here";
    }
    EXPECT_EQ(status, 0);
}

} // namespace

} // namespace envpm::store
