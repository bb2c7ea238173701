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

    const StorePaths store(cache.path() / "store");
    const auto now = std::chrono::system_clock::now();
    EXPECT_THAT(find_cache_leftovers(cache.path(), store, now + std::chrono::hours(23)).files,
                IsEmpty());
    const auto later = now + std::chrono::hours(25);
    const CacheLeftovers found = find_cache_leftovers(cache.path(), store, later);
    EXPECT_THAT(found.files, ElementsAre(left));
    EXPECT_GT(found.bytes, 0U);
    remove_cache_leftovers(found);
    EXPECT_FALSE(std::filesystem::exists(left));
    EXPECT_TRUE(std::filesystem::exists(held));
    EXPECT_THAT(find_cache_leftovers(cache.path(), store, later).files, IsEmpty());
    EXPECT_THAT(find_cache_leftovers(cache.path() / "none", store, later).files, IsEmpty());
}

TEST(CacheLeftovers, LeaveTheStoreAloneWhereverItLies) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const auto later = std::chrono::system_clock::now() + std::chrono::hours(25);
    const std::filesystem::path in_one = folder.path() / "p" / "env" / ".data.0123abcd";
    const std::filesystem::path below = folder.path() / "store" / "p" / ".data.0123abcd";
    const std::filesystem::path page = folder.path() / "index" / ".page.0123abcd";
    for (const auto& file : {in_one, below, page}) {
        write_file(file, "x", Durability::cached);
    }
    EXPECT_THAT(find_cache_leftovers(folder.path(), StorePaths(folder.path()), later).files,
                ElementsAre(page, below));
    EXPECT_THAT(
        find_cache_leftovers(folder.path(), StorePaths(folder.path() / "store"), later).files,
        ElementsAre(page, in_one));
}

} // namespace

} // namespace envpm::pipeline
