#include "base/unfinished_file.h"

#include "base/files.h"

#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace envpm {
namespace {

TEST(UnfinishedFile, ItsNameSaysWhatItIsToBecome) {
    EXPECT_EQ(unfinished_name("a.toml", 0xbeef), ".a.toml.0000beef");
    EXPECT_EQ(name_when_finished(".a.toml.0000beef"), "a.toml");
    EXPECT_EQ(name_when_finished(".a.01234567"), "a");
    for (const char* other : {"", ".", "a.01234567", "..01234567", ".a.0123456", ".a.0123456g",
                              ".a.0123456F", ".a-01234567", ".a.012345678"}) {
        EXPECT_FALSE(name_when_finished(other)) << other;
    }
}

TEST(UnfinishedFile, IsAbandonedIfNobodyHoldsIt) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path file = folder.path() / ".a.01234567";
    EXPECT_FALSE(lock_if_abandoned(file)) << "not there";
    {
        const Fd writer = open_file(file, O_WRONLY | O_CREAT);
        ASSERT_EQ(::flock(writer.get(), LOCK_EX), 0);
        EXPECT_FALSE(lock_if_abandoned(file));
    }
    const Fd lock = lock_if_abandoned(file);
    EXPECT_TRUE(lock);
    EXPECT_FALSE(lock_if_abandoned(file)) << "another one removes it";
}

TEST(UnfinishedFile, IsNoLinkFolderOrFifo) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path link = folder.path() / ".link.01234567";
    const std::filesystem::path fifo = folder.path() / ".fifo.01234567";
    write_file(folder.path() / "precious", "x", Durability::cached);
    std::filesystem::create_symlink("precious", link);
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    for (const std::filesystem::path& other : {link, fifo, folder.path()}) {
        EXPECT_FALSE(lock_if_abandoned(other)) << other;
    }
}

} // namespace
} // namespace envpm
