#include "project/room.h"

#include "base/disk_hints.h"
#include "base/files.h"
#include "project/archive_cache.h"
#include "project/way_out.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <ctime>

namespace envpm::project {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class RoomTest : public testing::Test {
  protected:
    static std::vector<LockedPackage> archive_of(std::uint64_t size_bytes) {
        return {{*PackageName::parse("huge"),
                 "1.0",
                 "pypi",
                 "huge.whl",
                 size_bytes,
                 sha256_of("huge"),
                 {"default"},
                 {},
                 {}}};
    }

    void download(const std::string& bytes) const { write_file(part(), bytes, Durability::cached); }

    [[nodiscard]] std::filesystem::path part() const {
        return folder.path() / "dl" / (sha256_of("huge").hex() + ".part");
    }

    TemporaryFolder folder{std::filesystem::temp_directory_path()};
};

TEST_F(RoomTest, IsAskedForBeforeTheFirstByte) {
    EXPECT_NO_THROW(require_room(archive_of(1), folder.path(), folder.path() / "dl"));
    try {
        require_room(archive_of(largest_archive_bytes), folder.path(), folder.path() / "dl");
        ADD_FAILURE() << "it cannot be there";
    } catch (const Error& error) {
        EXPECT_THAT(error.text().what, HasSubstr("not enough free space"));
        EXPECT_THAT(error.contexts(), testing::ElementsAre("before the only archive was fetched"));
    }
}

TEST_F(RoomTest, ThatUnfinishedDownloadsTakeCanBeHadBack) {
    download(std::string(10'000, 'x'));
    const std::time_t now = std::time(nullptr);
    const auto remove = [&](std::chrono::seconds grace) {
        return ArchiveCache::remove_abandoned(folder.path(), now - std::time_t{grace.count()},
                                              DryRun::no)
            .files.size();
    };
    const std::time_t later = std::time(nullptr) + 1;
    EXPECT_GE(ArchiveCache::bytes_in(folder.path(), later), 10'000U);
    EXPECT_EQ(ArchiveCache::bytes_in(folder.path(), later - 60), 0U);
    EXPECT_EQ(remove(ArchiveCache::abandoned_after), 0U);
    EXPECT_EQ(remove(std::chrono::seconds(-1)), 1U);
    EXPECT_EQ(ArchiveCache::bytes_in(folder.path(), later), 0U);
}

TEST_F(RoomTest, DownloadsOfOtherMachinesGoWhenTheyAreAWeekOld) {
    const std::filesystem::path others = folder.path() / "dl-of-another-boot";
    const std::filesystem::path no_download = folder.path() / "dlx";
    for (const std::filesystem::path& parent : {others, no_download}) {
        write_file(parent / "old", "x", Durability::cached);
        write_file(parent / "young", "x", Durability::cached);
        const struct timespec long_ago[2] = {{1, 0}, {1, 0}};
        ASSERT_EQ(::utimensat(AT_FDCWD, (parent / "old").c_str(), long_ago, 0), 0);
    }
    const std::filesystem::path empty = folder.path() / "dl-of-a-boot-long-ago";
    const std::filesystem::path fresh = folder.path() / "dl-of-a-boot-now";
    for (const std::filesystem::path& parent : {empty, fresh}) {
        std::filesystem::create_directory(parent);
    }
    const struct timespec long_ago[2] = {{1, 0}, {1, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, empty.c_str(), long_ago, 0), 0);
    const std::time_t later = std::time(nullptr) + 1;
    for (const DryRun dry_run : {DryRun::yes, DryRun::no}) {
        EXPECT_TRUE(std::filesystem::exists(empty));
        EXPECT_THAT(ArchiveCache::remove_abandoned(folder.path(), later, dry_run).files,
                    testing::ElementsAre(others / "old"));
    }
    EXPECT_FALSE(std::filesystem::exists(empty));
    EXPECT_TRUE(std::filesystem::exists(fresh));
    EXPECT_FALSE(std::filesystem::exists(others / "old"));
    EXPECT_TRUE(std::filesystem::exists(others / "young"));
    EXPECT_TRUE(std::filesystem::exists(no_download / "old"));
}

TEST_F(RoomTest, VariablesAreNamedOnlyForWhatTheyMove) {
    Settings settings;
    settings.store_root = folder.path() / "root";
    settings.cache_root = folder.path() / "cache";
    const auto hint_at = [&](const std::filesystem::path& path) {
        try {
            throw_system_error("cannot write a file", path.string(), ENOSPC);
        } catch (const Error& error) {
            return with_way_out(error, settings).text().hint;
        }
    };
    EXPECT_THAT(hint_at(settings.store_root / "o"), HasSubstr("or set ENVPM_ROOT to a larger"));
    EXPECT_THAT(hint_at(settings.cache_root), HasSubstr("or set ENVPM_CACHE to a larger disk"));
    EXPECT_THAT(hint_at(folder.path() / "rooted"), Not(HasSubstr("ENVPM_")));
    EXPECT_THAT(hint_at("/proc/project"), Not(HasSubstr("ENVPM_")));
    settings.cache_root = folder.path();
    download(std::string(2'000'000, 'x'));
    EXPECT_THAT(hint_at(folder.path() / "x"), Not(HasSubstr("envpm gc"))) << "it may be wanted";
    const timespec times[2] = {{0, UTIME_OMIT}, {std::time(nullptr) - 2 * 24 * 60 * 60, 0}};
    ::utimensat(AT_FDCWD, part().c_str(), times, 0);
    EXPECT_THAT(hint_at(folder.path() / "x"), EndsWith("`envpm gc --grace 24h` removes them"));
}

TEST_F(RoomTest, AVariableWithASlashAtItsEndIsNoOtherPlace) {
    Settings settings;
    settings.store_root = (folder.path() / "root").string() + "/";
    settings.cache_root = (folder.path() / "cache").string() + "/";
    const auto hint_at = [&](const std::filesystem::path& path) {
        const Error error(
            {"it may not be written", path.string(), std::string(disk_hints::denied)});
        return with_way_out(error, settings).text().hint;
    };
    EXPECT_EQ(hint_at(folder.path() / "project/envpm.lock"), disk_hints::denied);
    EXPECT_THAT(hint_at(folder.path() / "cache/dl"), HasSubstr("ENVPM_CACHE"));
}

TEST_F(RoomTest, WhatHasAnotherHintKeepsIt) {
    Error error({"what", (folder.path() / "x").string(), "do this"}, ExitCode::network);
    error.add_context("while testing");
    Settings settings;
    settings.store_root = folder.path();
    EXPECT_STREQ(with_way_out(error, settings).what(), error.what());
}

} // namespace
} // namespace envpm::project
