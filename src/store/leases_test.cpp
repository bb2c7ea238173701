#include "store/leases.h"

#include "base/error.h"
#include "store/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <vector>

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

const LeaseHolder here{"node1", "machine", "pid:[1]", "boot", "10"};
const LeaseHolder there{"node2", "machine", "pid:[1]", "other-boot", "10"};
const LeaseHolder container{"node1", "machine", "pid:[2]", "boot", "20"};

struct Leases : testing::Test {
    World world;
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now();

    Leases() { std::filesystem::create_directories(world.root); }

    [[nodiscard]] std::vector<Lease> read(const LeaseHolder& reader) const {
        return read_leases(world.paths, {reader}, now);
    }

    [[nodiscard]] std::vector<std::string> hosts() const {
        std::vector<std::string> hosts;
        for (const Lease& lease : read(here)) {
            hosts.push_back(lease.host);
        }
        std::sort(hosts.begin(), hosts.end());
        return hosts;
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
    EXPECT_TRUE(leases[0].is_out_of_sight);
    EXPECT_FALSE(leases[0].is_over);
    EXPECT_FALSE(read(there)[0].is_out_of_sight);
    EXPECT_TRUE(read(container)[0].is_out_of_sight);
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

/// Each start of a container has another name, and often the number of one that has ended.
TEST_F(Leases, OfContainersThatHadThisOnesNumberAreReplaced) {
    const LeaseHolder first{"c1", "", "pid:[5]", "boot", "100"};
    const LeaseHolder second{"c2", "", "pid:[5]", "boot", "200"};
    renew_lease(world.paths, "abc", "/a", first);
    renew_lease(world.paths, "abc", "/b", first);
    renew_lease(world.paths, "abd", "/a", first);
    renew_lease(world.paths, "abc", "/a", second);
    EXPECT_THAT(hosts(), ElementsAre("c1", "c1", "c2"));
    const auto over = [this](const LeaseHolder& reader) {
        const std::vector<Lease> leases = read(reader);
        return std::count_if(leases.begin(), leases.end(),
                             [](const Lease& lease) { return lease.is_over; });
    };
    EXPECT_EQ(over(second), 0);
    now += gone_lease_duration + std::chrono::minutes(1);
    EXPECT_EQ(over(second), 2) << "of the other project and the other prefix, for the collector";
    EXPECT_EQ(over(here), 0) << "as far as another one can tell";
}

TEST_F(Leases, OfWhoMayBeAliveStay) {
    const LeaseHolder own{"c2", "", "pid:[5]", "boot", "200"};
    for (const LeaseHolder& other : std::vector<LeaseHolder>{
             {"c1", "", "pid:[5]", "boot", "200"}, // the same processes under another name
             {"c3", "", "pid:[6]", "boot", "100"},
             {"c4", "", "pid:[5]", "other-boot", "100"},
             {"c5", "", "pid:[5]", "boot", ""},
             {"c6", "", "pid:[5]", "", ""},
         }) {
        renew_lease(world.paths, "abc", "/a", other);
    }
    renew_lease(world.paths, "abc", "/a", own);
    EXPECT_THAT(hosts(), ElementsAre("c1", "c2", "c3", "c4", "c5", "c6"));
}

TEST_F(Leases, OfNamespacesWithoutAnyProcessAreOverAfterAWeek) {
    renew_lease(world.paths, "abc", "/a", container);
    EXPECT_FALSE(read_leases(world.paths, {here, {{"pid:[1]"}}}, now)[0].is_over)
        << "it may only have been stopped";
    now += gone_lease_duration + std::chrono::minutes(1);
    EXPECT_TRUE(read_leases(world.paths, {here, {{"pid:[1]"}}}, now)[0].is_over);
    EXPECT_FALSE(read_leases(world.paths, {here, {{"pid:[1]", "pid:[2]"}}}, now)[0].is_over);
    EXPECT_FALSE(read_leases(world.paths, {there, {{"pid:[1]"}}}, now)[0].is_over);
}

TEST_F(Leases, AreOfTheNewHolderAfterABoot) {
    renew_lease(world.paths, "abc", "/a", here);
    LeaseHolder later = here;
    later.boot = "boot-2";
    renew_lease(world.paths, "abc", "/a", later);
    ASSERT_THAT(read(later), SizeIs(1));
    EXPECT_FALSE(read(later)[0].is_out_of_sight);
    EXPECT_THAT(read_file(read(later)[0].path), testing::HasSubstr("machine pid:[1] boot-2 10\n"));
}

TEST_F(Leases, OfAnEarlierFormThatDoesNotSayItsBootAreRead) {
    renew_lease(world.paths, "abc", "/a", here);
    const std::filesystem::path file = read(here)[0].path;
    write_file(file, "envpm-lease 1\nnode1\nmachine pid:[1]\n/a\n");
    EXPECT_FALSE(read(here)[0].is_out_of_sight);
    EXPECT_TRUE(read(there)[0].is_out_of_sight);
    EXPECT_FALSE(read(there)[0].is_over);
}

TEST_F(Leases, ThatWereNeverFinishedGoUnlessSomeoneIsAtWork) {
    const std::string name = ".abc.0123456789abcdef.";
    for (const char* end : {"00000001", "00000002"}) {
        write_file(world.paths.leases() / (name + end), "envpm-le");
    }
    write_file(world.paths.leases() / ".abc.other", "not ours");
    const FileLock writer(world.paths.leases() / (name + "00000002"), LockKind::exclusive);
    remove_unfinished_leases(world.paths);
    EXPECT_THAT(listing(world.paths.leases()), ElementsAre(name + "00000002", ".abc.other"));
}

TEST_F(Leases, AreAnothersIfTheyCannotBeUnderstood) {
    renew_lease(world.paths, "abc", "/a", here);
    const std::filesystem::path file = read(here)[0].path;
    const std::string text = read_file(file);
    for (const std::string& damaged :
         {std::string(), text + "x", text.substr(0, text.size() - 1), "envpm-lease 2" + text}) {
        write_file(file, damaged);
        ASSERT_THAT(read(here), SizeIs(1));
        EXPECT_TRUE(read(here)[0].is_out_of_sight) << damaged;
        EXPECT_EQ(read(here)[0].environment, "");
    }
    // Nor is a link followed, or what has no name of one taken for one.
    std::filesystem::remove(file);
    std::filesystem::create_symlink("/etc/passwd", file);
    write_file(world.paths.leases() / ".abc.0123456789abcdef", text);
    write_file(world.paths.leases() / "abc", text);
    ASSERT_THAT(read(here), SizeIs(1));
    EXPECT_TRUE(read(here)[0].is_out_of_sight);
}

TEST_F(Leases, KeepAPathWithALineFeedInOneLine) {
    renew_lease(world.paths, "abc", "/a\nb", here);
    ASSERT_THAT(read(here), SizeIs(1));
    EXPECT_FALSE(read(here)[0].is_out_of_sight);
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
    const LeaseHolder other{"node7", "elsewhere", "pid:[7]"};
    renew_lease(world.paths, "one", environment, other);
    std::filesystem::remove_all(environment); // it is on the other host's disk

    CollectReport report = collect(world.paths, later(), world.progress);
    EXPECT_THAT(report.removed, IsEmpty());
    EXPECT_THAT(report.leased, ElementsAre(LeasedPrefix{"one", "node7"}));
    EXPECT_TRUE(std::filesystem::is_symlink(world.root / "roots" / "project"));

    // There it is known whether anything uses it.
    CollectRequest there = later();
    there.holder = other;
    there.dry_run = DryRun::yes;
    EXPECT_THAT(collect(world.paths, there, world.progress).removed, Contains(prefix));

    // A month after the last word nothing is kept for it any more.
    CollectRequest much_later = later();
    much_later.now.value() += lease_duration;
    report = collect(world.paths, much_later, world.progress);
    EXPECT_THAT(report.removed, Contains(prefix));
    EXPECT_THAT(listing(world.paths.leases()), IsEmpty());
    EXPECT_FALSE(std::filesystem::is_symlink(world.root / "roots" / "project"));
}

TEST(Collect, RemovesWhatIsLeftOfLeases) {
    World world;
    Store::open(world.root);
    add_prefix(world, "one", {});
    LeaseHolder gone = this_holder();
    gone.host = "container";
    gone.began = "1";
    CollectRequest request;
    request.now = std::chrono::system_clock::now() + gone_lease_duration + std::chrono::minutes(1);
    request.holder.began = "2";
    renew_lease(world.paths, "one", "/a", gone);
    renew_lease(world.paths, "one", "/a", {"node7", "elsewhere", "pid:[7]"});
    write_file(world.paths.leases() / ".one.0123456789abcdef.00000001", "envpm-le");
    request.dry_run = DryRun::yes;
    collect(world.paths, request, world.progress);
    EXPECT_THAT(listing(world.paths.leases()), SizeIs(3));
    request.dry_run = DryRun::no;
    collect(world.paths, request, world.progress);
    EXPECT_THAT(read_leases(world.paths, {this_holder()}, request.now.value()), SizeIs(1));
    EXPECT_THAT(listing(world.paths.leases()), SizeIs(1));
}

TEST(Collect, TakesNoNoticeOfItsOwnLeasesOfProjectsThatWereDeleted) {
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    world.take_in({archive});
    const std::filesystem::path prefix = add_prefix(world, "one", {archive});
    renew_lease(world.paths, "one", world.folder.path() / "gone/.envpm/envs/default",
                this_holder());
    const CollectReport report = collect(world.paths, later(), world.progress);
    EXPECT_THAT(report.removed, Contains(prefix));
    EXPECT_THAT(listing(world.paths.leases()), IsEmpty());
}

/// A project of this host, of which `lost` cannot be seen any more.
struct OutOfSight {
    World world;
    std::filesystem::path prefix;
    std::filesystem::path above = world.folder.path() / "home";
    std::filesystem::path project = above / "user" / "project";

    OutOfSight() {
        const Archive archive = world.archive("a", wheel("a"));
        world.take_in({archive});
        prefix = add_prefix(world, "one", {archive});
        const std::filesystem::path environment = project / ".envpm" / "envs" / "default";
        std::filesystem::create_directories(generations_folder(environment));
        std::filesystem::create_symlink(prefix, generations_folder(environment) / "1");
        std::filesystem::create_symlink(environment, world.root / "roots" / "project");
        renew_lease(world.paths, "one", environment, this_holder());
        write_file(project / "envpm.toml", "", Durability::cached);
        write_file(above / "user" / "other", "", Durability::cached);
    }

    [[nodiscard]] bool is_kept(CollectRequest request) {
        collect(world.paths, request, world.progress);
        return std::filesystem::exists(prefix) &&
               std::filesystem::is_symlink(world.root / "roots" / "project") &&
               !listing(world.paths.objects()).empty();
    }
};

TEST(Collect, KeepsAProjectWhoseFileSystemMayNotBeMounted) {
    for (const char* lost : {"home", "home/user", "home/user/project"}) {
        OutOfSight out;
        const std::filesystem::path mounted = out.world.folder.path() / lost;
        std::filesystem::remove_all(mounted);
        std::filesystem::create_directory(mounted);
        EXPECT_TRUE(out.is_kept(later())) << lost;
        CollectRequest much_later = later();
        much_later.now.value() += lease_duration;
        EXPECT_FALSE(out.is_kept(much_later)) << lost;
    }
}

TEST(Collect, DropsAProjectThatWasDeletedThoughThisHostHasALeaseOfIt) {
    for (const char* deleted :
         {"home", "home/user", "home/user/project", "home/user/project/.envpm"}) {
        OutOfSight out;
        write_file(out.world.folder.path() / "home" / "another", "", Durability::cached);
        std::filesystem::remove_all(out.world.folder.path() / deleted);
        EXPECT_FALSE(out.is_kept(later())) << deleted;
    }
}

TEST_F(Leases, AreRenewedWithoutBeingMade) {
    EXPECT_FALSE(renew_known_lease(world.paths, "abc", "/e", here));
    EXPECT_THAT(read(here), IsEmpty());
    renew_lease(world.paths, "abc", "/e", here);
    EXPECT_TRUE(renew_known_lease(world.paths, "abc", "/e", here));
    EXPECT_FALSE(renew_known_lease(world.paths, "abc", "/other", here));
}

} // namespace

} // namespace envpm::store
