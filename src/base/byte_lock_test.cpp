#include "base/byte_lock.h"

#include "base/files.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>

namespace envpm {

namespace {

TEST(ByteLocks, AreOfOnePlaceEachAndLeaveTheFileEmpty) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path file = folder.path() / "locks";
    constexpr std::uint64_t far = std::numeric_limits<std::uint64_t>::max();
    std::optional<ByteLocks> holder(file);
    EXPECT_TRUE(holder->try_lock(far));
    EXPECT_TRUE(holder->try_lock(far - 1));
    EXPECT_TRUE(holder->try_lock(far)); // which it has
    const ByteLocks other(file);
    EXPECT_FALSE(other.try_lock(far));
    EXPECT_FALSE(other.try_lock(far - 1));
    EXPECT_TRUE(other.try_lock(far - 2));
    holder.reset();
    EXPECT_TRUE(other.try_lock(far));
    EXPECT_EQ(std::filesystem::file_size(file), 0U);
}

} // namespace

} // namespace envpm
