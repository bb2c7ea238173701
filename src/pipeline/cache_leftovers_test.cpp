#include "pipeline/cache_leftovers.h"

#include "base/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace envpm::pipeline {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CacheLeftovers, AreOldTemporaryFilesThatNobodyHolds) {
    const TemporaryFolder cache(std::filesystem::temp_directory_path());
    const auto file = [&cache](const char* name) {
        const std::filesystem::path path = cache.path() / "index" / "pages" / name;
        write_file(path, "half a page", Durability::cached);
        return path;
    };
    const std::filesystem::path left = file(".demo.0123abcd");
    const std::filesystem::path held = file(".other.0123abcd");
    for (const char* name : {"demo", "demo.0123abcd", ".demo", ".demo.0123abcx", ".demo.123"}) {
        file(name);
    }
    const std::filesystem::path pipe = left.parent_path() / ".pipe.0123abcd";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const Fd writer = open_file(held, O_RDONLY);
    ASSERT_EQ(::flock(writer.get(), LOCK_EX), 0);

    const auto now = std::chrono::system_clock::now();
    EXPECT_THAT(find_cache_leftovers(cache.path(), now + std::chrono::hours(23)).files, IsEmpty());
    const auto later = now + std::chrono::hours(25);
    const CacheLeftovers found = find_cache_leftovers(cache.path(), later);
    EXPECT_THAT(found.files, ElementsAre(left));
    EXPECT_GT(found.bytes, 0U);
    remove_cache_leftovers(found);
    EXPECT_FALSE(std::filesystem::exists(left));
    EXPECT_TRUE(std::filesystem::exists(held));
    EXPECT_THAT(find_cache_leftovers(cache.path(), later).files, IsEmpty());
    EXPECT_THAT(find_cache_leftovers(cache.path() / "none", later).files, IsEmpty());
}

} // namespace

} // namespace envpm::pipeline
