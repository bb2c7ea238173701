#include "base/disk_fault.h"

#include "base/error.h"
#include "base/files.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

namespace envpm {

namespace {

// A process's memory as a file: nothing lies at its begin, and to read there is EIO.
constexpr const char* lost_file = "/proc/self/mem";

TEST(DiskFault, IsAFileWhoseBytesCannotBeHad) {
    EXPECT_TRUE(has_lost_bytes(lost_file));
    EXPECT_EQ(loss_of(lost_file), EIO);
    EXPECT_EQ(sha256_unless_lost(lost_file), std::nullopt);
    EXPECT_EQ(read_file_unless_lost(lost_file), std::nullopt);
}

TEST(DiskFault, IsNothingElse) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path file = folder.path() / "file";
    EXPECT_FALSE(has_lost_bytes(file));
    EXPECT_FALSE(has_lost_bytes(folder.path()));
    EXPECT_EQ(read_file_unless_lost(file), std::nullopt);
    EXPECT_THROW(sha256_unless_lost(file), Error);
    EXPECT_THROW(read_file_unless_lost(folder.path()), Error);
    write_file(file, "bytes", Durability::cached);
    EXPECT_FALSE(has_lost_bytes(file));
    EXPECT_EQ(sha256_unless_lost(file), sha256_of("bytes"));
    EXPECT_EQ(read_file_unless_lost(file), "bytes");
}

} // namespace

} // namespace envpm
