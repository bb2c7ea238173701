#include "pipeline/room.h"

#include "base/disk_hints.h"
#include "base/files.h"
#include "pipeline/archive_cache.h"
#include "pipeline/way_out.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace envpm::pipeline {
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

    void download(const std::string& bytes) const {
        write_file(folder.path() / "dl" / (sha256_of("huge").hex() + ".part"), bytes,
                   Durability::cached);
    }

    TemporaryFolder folder{std::filesystem::temp_directory_path()};
};

TEST_F(RoomTest, is_asked_for_before_the_first_byte) {
    EXPECT_NO_THROW(require_room(archive_of(1), folder.path(), folder.path() / "dl"));
    try {
        require_room(archive_of(largest_archive_bytes), folder.path(), folder.path() / "dl");
        ADD_FAILURE() << "it cannot be there";
    } catch (const Error& error) {
        EXPECT_THAT(error.text().what, HasSubstr("not enough free space"));
        EXPECT_THAT(error.contexts(), testing::ElementsAre("before any of 1 archives was fetched"));
    }
}

TEST_F(RoomTest, that_unfinished_downloads_take_can_be_had_back) {
    download(std::string(10'000, 'x'));
    const auto now = std::chrono::system_clock::now();
    const auto remove = [&](std::chrono::seconds grace) {
        return ArchiveCache::remove_abandoned(folder.path(), now - grace, DryRun::no).files.size();
    };
    EXPECT_GE(ArchiveCache::bytes_in(folder.path()), 10'000U);
    EXPECT_EQ(remove(ArchiveCache::abandoned_after), 0U);
    EXPECT_EQ(remove(std::chrono::seconds(-1)), 1U);
    EXPECT_EQ(ArchiveCache::bytes_in(folder.path()), 0U);
}

TEST_F(RoomTest, variables_are_named_only_for_what_they_move) {
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
    EXPECT_THAT(hint_at(folder.path() / "x"), EndsWith("`envpm gc --grace 0h` removes them"));
}

TEST_F(RoomTest, what_has_another_hint_keeps_it) {
    Error error({"what", (folder.path() / "x").string(), "do this"}, ExitCode::network);
    error.add_context("while testing");
    Settings settings;
    settings.store_root = folder.path();
    EXPECT_STREQ(with_way_out(error, settings).what(), error.what());
}

} // namespace
} // namespace envpm::pipeline
