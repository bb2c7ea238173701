#include "store/sharing.h"

#include "base/error.h"
#include "base/files.h"
#include "store/quarantine.h"
#include "store/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>

namespace envpm::store {

namespace {

using test::World;

using testing::HasSubstr;

struct stat status_of(const std::filesystem::path& path) {
    struct stat status {};

    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status;
}

mode_t mode_of(const std::filesystem::path& path) {
    return status_of(path).st_mode & 07777U;
}

TEST(FaultOfRoot, IsAnotherOwnerOrAnOpenDoor) {
    struct stat root {};

    root.st_mode = S_IFDIR | 0775;
    root.st_uid = 1000;
    EXPECT_EQ(fault_of_root(root, 1000), std::nullopt);
    EXPECT_THAT(fault_of_root(root, 1001).value(), HasSubstr("user 1000"));
    EXPECT_THAT(fault_of_root(root, 0).value(), HasSubstr("user 1000"));
    root.st_uid = 0;
    EXPECT_EQ(fault_of_root(root, 1000), std::nullopt);
    root.st_mode = S_IFDIR | 01777;
    EXPECT_THAT(fault_of_root(root, 1000).value(), HasSubstr("everybody"));
}

TEST(Sharing, AStoreThatEverybodyMayWriteToIsRefusedUnlessItIsSaidToBeShared) {
    World world;
    std::filesystem::create_directories(world.root);
    ::chmod(world.root.c_str(), 0777);
    EXPECT_THROW(Store::open(world.root), Error);
    EXPECT_TRUE(std::filesystem::is_empty(world.root));
    Store::open(world.root, StorePolicy{Sharing::shared, Syncing::batch});
    EXPECT_TRUE(std::filesystem::exists(world.root / "VERSION"));
}

TEST(Sharing, NoFolderThatIsMadeHereIsOpenToEverybodyWhateverTheUmask) {
    World world;
    const int status = test::in_child([&world] {
        ::umask(0);
        world.take_in({world.archive("a", test::wheel("a"))});
        write_file(world.folder.path() / "damaged", "x", Durability::cached);
        Quarantine(world.paths).keep(world.folder.path() / "damaged");
    });
    EXPECT_EQ(status, 0);
    EXPECT_EQ(mode_of(world.root) & S_IWOTH, 0U);
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(world.root)) {
        if (entry.is_directory()) {
            EXPECT_EQ(mode_of(entry.path()) & S_IWOTH, 0U) << entry.path();
            ++count;
        }
    }
    EXPECT_GT(count, 10U);
    EXPECT_TRUE(std::filesystem::is_directory(world.paths.quarantine()));
}

TEST(Sharing, VersionAndLocksAreWrittenByTheirOwnerOnlyWhateverTheUmask) {
    World world;
    const int status = test::in_child([&world] {
        ::umask(0);
        Store::open(world.root);
        const FileLock lock(world.root / "locks/repair", LockKind::exclusive);
    });
    EXPECT_EQ(status, 0);
    EXPECT_EQ(mode_of(world.root / "VERSION"), 0644U);
    EXPECT_EQ(mode_of(world.paths.lock()), 0664U);
    EXPECT_EQ(mode_of(world.root / "locks/repair"), 0664U);
}

TEST(Sharing, TheGroupOfASitesStoreMayWriteWhateverTheUmask) {
    World world;
    std::filesystem::create_directories(world.root);
    ::chmod(world.root.c_str(), 02775);
    const int status = test::in_child([&world] {
        ::umask(077);
        world.take_in({world.archive("a", test::wheel("a"))});
        const FileLock lock(world.root / "locks/repair", LockKind::exclusive);
    });
    EXPECT_EQ(status, 0);
    const std::filesystem::path object =
        world.paths.object(sha256_of("the same in every wheel"), false);
    const std::vector<std::filesystem::path> folders = {
        world.paths.temporary(),    world.paths.roots(),           world.root / "p",
        world.root / "objects",     world.root / "objects/sha256", object.parent_path(),
        world.root / "trees/sha256"};
    for (const std::filesystem::path& folder : folders) {
        EXPECT_EQ(mode_of(folder) & 02070U, 02070U) << folder;
        EXPECT_EQ(status_of(folder).st_gid, status_of(world.root).st_gid) << folder;
    }
    EXPECT_EQ(mode_of(world.paths.lock()) & 067U, 060U);
    EXPECT_EQ(mode_of(world.root / "locks/repair") & 067U, 060U);
    EXPECT_EQ(mode_of(world.root / "VERSION") & 067U, 060U);
    EXPECT_EQ(mode_of(object), 0444U);
}

TEST(Sharing, TheGroupMayRepairAfterWhoeverDidFirst) {
    World world;
    std::filesystem::create_directories(world.root);
    ::chmod(world.root.c_str(), 02775);
    const int status = test::in_child([&world] {
        ::umask(077);
        const Store store = Store::open(world.root);
        write_file(world.folder.path() / "damaged", "x", Durability::cached);
        Quarantine(world.paths).keep(world.folder.path() / "damaged");
    });
    EXPECT_EQ(status, 0);
    EXPECT_EQ(mode_of(world.paths.quarantine()) & 02077U, 02070U);
    ::chmod(world.paths.quarantine().c_str(), 0700); // as an earlier envpm made it
    Store::open(world.root);
    EXPECT_EQ(mode_of(world.paths.quarantine()) & 02077U, 02070U);
}

TEST(Sharing, WithoutTheBitTheUmaskDecides) {
    World world;
    const int status = test::in_child([&world] {
        ::umask(077);
        Store::open(world.root);
    });
    EXPECT_EQ(status, 0);
    EXPECT_EQ(mode_of(world.paths.temporary()), 0700U);
}

TEST(Locks, AreMissingWhereTheSystemSaysSo) {
    EXPECT_TRUE(means_no_locks(ENOLCK));
    EXPECT_TRUE(means_no_locks(ENOSYS));
    EXPECT_TRUE(means_no_locks(EOPNOTSUPP));
    EXPECT_FALSE(means_no_locks(0));
    EXPECT_FALSE(means_no_locks(EAGAIN));
    EXPECT_FALSE(means_no_locks(EACCES));
}

TEST(Locks, AreAskedForOnNetworkFileSystemsOnly) {
    EXPECT_EQ(network_file_system(0x6969), "NFS");
    EXPECT_EQ(network_file_system(0x0BD00BD0), "Lustre");
    EXPECT_EQ(network_file_system(0x18031977), "WekaFS");
    EXPECT_EQ(network_file_system(0xEF53), std::nullopt);     // ext4
    EXPECT_EQ(network_file_system(0x01021994), std::nullopt); // tmpfs
    World world;
    const Store store = Store::open(world.root);
    EXPECT_NO_THROW(require_locks(world.paths.lock()));
}

TEST(Locks, AreNoneBetweenMachinesWhereTheMountKeepsThemLocal) {
    const auto mount = [](const std::string& options) {
        return "28 1 8:1 / / rw,nolock - ext4 /dev/sda1 rw,nolock\n"
               "40 28 0:45 / /srv\\040x rw,relatime shared:7 master:2 - nfs4 host:/x " +
               options + "\n41 28 0:46 / /other rw - nfs host:/y rw,nolock,local_lock=all\n";
    };
    EXPECT_EQ(local_locks_of(mount("rw,vers=4.2,local_lock=none,addr=::1"), 40), std::nullopt);
    EXPECT_EQ(local_locks_of(mount("rw,local_lock=posix"), 40), std::nullopt);
    EXPECT_EQ(local_locks_of(mount("rw,flock,nolockd,lazystatfs"), 40), std::nullopt);
    EXPECT_EQ(local_locks_of(mount("rw,vers=3,local_lock=flock"), 40), "local_lock=flock");
    EXPECT_EQ(local_locks_of(mount("rw,vers=3,local_lock=all"), 40), "local_lock=all");
    EXPECT_EQ(local_locks_of(mount("nolock"), 40), "nolock");
    EXPECT_EQ(local_locks_of(mount("rw,vers=3.1.1,nobrl,cache=strict"), 40), "nobrl");
    EXPECT_EQ(local_locks_of(mount("rw,localflock"), 40), "localflock");
    EXPECT_EQ(local_locks_of(mount("rw,nolock"), 4), std::nullopt);
    EXPECT_EQ(local_locks_of("40 28\n40\n\n- -\n", 40), std::nullopt);
}

TEST(Locks, AreNoneBetweenMachinesForProgramsThatDoNotPassThemOn) {
    const auto mount = [](const std::string& type) {
        return "28 1 8:1 / / rw - fuse.sshfs host:/ rw\n"
               "40 28 0:45 / /srv\\040-\\040x rw,relatime shared:7 - " +
               type + " host:/x rw,user_id=0\n41 28 0:46 / /other rw - fuse.s3fs s3fs rw\n";
    };
    EXPECT_EQ(local_fuse_of(mount("fuse.sshfs"), 40), "sshfs");
    EXPECT_EQ(local_fuse_of(mount("fuse.rclone"), 40), "rclone");
    EXPECT_EQ(local_fuse_of(mount("fuse.s3fs"), 40), "s3fs");
    EXPECT_EQ(local_fuse_of(mount("fuse.glusterfs"), 40), std::nullopt);
    EXPECT_EQ(local_fuse_of(mount("fuse.sshfs-like"), 40), std::nullopt);
    EXPECT_EQ(local_fuse_of(mount("fuseblk"), 40), std::nullopt); // a local disk
    EXPECT_EQ(local_fuse_of(mount("fuse"), 40), std::nullopt);
    EXPECT_EQ(local_fuse_of(mount("fuse.sshfs"), 4), std::nullopt);
    EXPECT_EQ(local_fuse_of("40 28\n40 -\n40 - \n- -\n", 40), std::nullopt);
}

} // namespace

} // namespace envpm::store
