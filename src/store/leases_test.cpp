#include "store/leases.h"

#include "base/error.h"
#include "store/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace envpm::store {

namespace {

using test::add_prefix;
using test::add_project;
using test::later;
using test::listing;
using test::wheel;
using test::World;

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const LeaseHolder here{"node1", "machine processes"};
const LeaseHolder there{"node2", "machine processes"};
const LeaseHolder container{"node1", "machine other-processes"};

struct Leases : testing::Test {
    World world;
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now();

    Leases() { std::filesystem::create_directories(world.root); }

    [[nodiscard]] std::vector<Lease> read(const LeaseHolder& reader) const {
        return read_leases(world.paths, reader, now);
    }
};

TEST_F(Leases, SayWhichHostUsesWhatAndForWhom) {
    EXPECT_THAT(read(here), IsEmpty());
    renew_lease(world.paths, "abc", "/far/.envpm/envs/default", there);
    const std::vector<Lease> leases = read(here);
    ASSERT_THAT(leases, SizeIs(1));
    EXPECT_EQ(leases[0].prefix, "abc");
    EXPECT_EQ(leases[0].host, "node2");
    EXPECT_EQ(leases[0].environment, "/far/.envpm/envs/default");
    EXPECT_TRUE(leases[0].is_another);
    EXPECT_FALSE(leases[0].is_over);
    EXPECT_FALSE(read(there)[0].is_another);
    EXPECT_TRUE(read(container)[0].is_another);
}

TEST_F(Leases, AreOnePerHostAndProjectHoweverOftenTheyAreRenewed) {
    for (int i = 0; i < 3; ++i) {
        renew_lease(world.paths, "abc", "/a", here);
        renew_lease(world.paths, "abc", "/a", there);
        renew_lease(world.paths, "abc", "/b", here);
        renew_lease(world.paths, "abd", "/a", here);
    }
    EXPECT_THAT(read(here), SizeIs(4));
}

TEST_F(Leases, AreOverUnlessTheyAreRenewed) {
    renew_lease(world.paths, "abc", "/a", there);
    const std::vector<Lease> before = read(here);
    const struct timespec old[2] = {{1000, 0}, {1000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, before[0].path.c_str(), old, 0), 0);
    EXPECT_TRUE(read(here)[0].is_over);
    renew_lease(world.paths, "abc", "/a", there);
    EXPECT_FALSE(read(here)[0].is_over);
    now += lease_duration - std::chrono::minutes(1);
    EXPECT_FALSE(read(here)[0].is_over);
    now += std::chrono::minutes(2);
    EXPECT_TRUE(read(here)[0].is_over);
}

TEST_F(Leases, AreAnothersIfTheyCannotBeUnderstood) {
    renew_lease(world.paths, "abc", "/a", here);
    const std::filesystem::path file = read(here)[0].path;
    const std::string text = read_file(file);
    for (const std::string& damaged :
         {std::string(), text + "x", text.substr(0, text.size() - 1), "envpm-lease 2" + text}) {
        write_file(file, damaged);
        ASSERT_THAT(read(here), SizeIs(1));
        EXPECT_TRUE(read(here)[0].is_another) << damaged;
        EXPECT_EQ(read(here)[0].environment, "");
    }
    // Nor is a link followed, or what has no name of one taken for one.
    std::filesystem::remove(file);
    std::filesystem::create_symlink("/etc/passwd", file);
    write_file(world.paths.leases() / ".abc.0123456789abcdef", text);
    write_file(world.paths.leases() / "abc", text);
    ASSERT_THAT(read(here), SizeIs(1));
    EXPECT_TRUE(read(here)[0].is_another);
}

TEST_F(Leases, KeepAPathWithALineFeedInOneLine) {
    renew_lease(world.paths, "abc", "/a\nb", here);
    ASSERT_THAT(read(here), SizeIs(1));
    EXPECT_FALSE(read(here)[0].is_another);
}

TEST_F(Leases, CanBeReadByOthersWhateverTheUmask) {
    const mode_t before = ::umask(0077);
    renew_lease(world.paths, "abc", "/a", here);
    ::umask(before);

    struct stat status {};

    ASSERT_THAT(read(here), SizeIs(1));
    ASSERT_EQ(::stat(read(here)[0].path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0644U);
}

TEST_F(Leases, OfAStoreThatDoesNotTakeThemAreNone) {
    write_file(world.paths.leases(), "no folder");
    EXPECT_THROW(renew_lease(world.paths, "abc", "/a", here), Error);
}

TEST(Collect, KeepsWhatAnotherHostHasALeaseOf) {
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    world.take_in({archive});
    const std::filesystem::path prefix = add_prefix(world, "one", {archive});
    const std::filesystem::path environment = add_project(world, "project", prefix);
    const LeaseHolder other{"node7", "elsewhere"};
    renew_lease(world.paths, "one", environment, other);
    std::filesystem::remove_all(environment); // it is on the other host's disk

    CollectReport report = collect(world.paths, later(), world.progress);
    EXPECT_THAT(report.removed, IsEmpty());
    EXPECT_THAT(report.leased, ElementsAre(LeasedPrefix{"one", "node7"}));
    EXPECT_TRUE(std::filesystem::is_symlink(world.root / "roots" / "project"));

    // There it is known whether anything uses it.
    CollectRequest there = later();
    there.holder = other;
    there.only_tell = true;
    EXPECT_THAT(collect(world.paths, there, world.progress).removed, Contains(prefix));

    // A month after the last word nothing is kept for it any more.
    CollectRequest much_later = later();
    much_later.now += lease_duration;
    report = collect(world.paths, much_later, world.progress);
    EXPECT_THAT(report.removed, Contains(prefix));
    EXPECT_THAT(listing(world.paths.leases()), IsEmpty());
    EXPECT_FALSE(std::filesystem::is_symlink(world.root / "roots" / "project"));
}

TEST(Collect, TakesNoNoticeOfItsOwnLeases) {
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    world.take_in({archive});
    const std::filesystem::path prefix = add_prefix(world, "one", {archive});
    renew_lease(world.paths, "one", "/gone/.envpm/envs/default", this_holder());
    const CollectReport report = collect(world.paths, later(), world.progress);
    EXPECT_THAT(report.removed, Contains(prefix));
    EXPECT_THAT(listing(world.paths.leases()), IsEmpty());
}

} // namespace

} // namespace envpm::store
