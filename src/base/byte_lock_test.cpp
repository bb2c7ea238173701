#include "base/byte_lock.h"

#include "base/files.h"

#include <gtest/gtest.h>

#include <limits>

namespace envpm {

namespace {

TEST(ByteLock, IsOfOnePlaceAloneAndLeavesTheFileEmpty) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path file = folder.path() / "locks";
    constexpr std::uint64_t far = std::numeric_limits<std::uint64_t>::max();
    std::optional<Fd> holder = try_lock_byte(file, far);
    ASSERT_TRUE(holder);
    EXPECT_FALSE(try_lock_byte(file, far));
    EXPECT_TRUE(try_lock_byte(file, far - 1));
    holder.reset();
    EXPECT_TRUE(try_lock_byte(file, far));
    EXPECT_EQ(std::filesystem::file_size(file), 0U);
}

} // namespace

} // namespace envpm
