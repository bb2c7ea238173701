#include "installing/layout_cache.h"

#include "base/files.h"
#include "base/zip_writer.h"
#include "store/world_for_tests.h"

#include <gtest/gtest.h>

#include <random>

namespace envpm::installing {

namespace {

LayoutEntry object(const std::string& path, const Sha256& digest, std::uint64_t size_bytes,
                   const std::string& owner) {
    return {RelativePath::parse(path), ObjectFile{digest, size_bytes}, false, owner};
}

const Sha256 env = sha256_of("env");

struct Kept : testing::Test {
    TemporaryFolder folder{store::test::place_for_tests()};
    ThreadPool pool{2};
    store::Store store = store::Store::open(folder.path() / "store");
    LayoutCache cache{folder.path() / "cache"};
    std::vector<Sha256> archives;
    Layout layout;

    Kept() {
        SilentProgress progress;
        std::vector<store::test::ZipEntry> files;
        for (int i = 0; i < 600; ++i) {
            const std::string content = "file " + std::to_string(i);
            files.push_back({.name = content, .content = content});
            layout.entries.push_back(object(content, sha256_of(content), content.size(), "a 1"));
        }
        const std::string wheel = store::test::make_zip(files);
        const std::filesystem::path file = folder.path() / "a.whl";
        write_file(file, wheel, Durability::cached);
        store::Intake intake(store, pool, progress);
        intake.add({file, sha256_of(wheel), "a"});
        intake.publish();
        archives.push_back(sha256_of(wheel));
        cache.put(env, layout);
    }

    [[nodiscard]] bool is_found() const {
        ThreadPool own(2);
        const std::optional<Layout> found = cache.find(env, archives, store, own);
        return found && found->entries == layout.entries && has_all(store, *found, own);
    }
};

TEST_F(Kept, IsFoundAsLongAsTheStoreHasAllOfIt) {
    EXPECT_TRUE(is_found());
    const std::filesystem::path lost = store.paths().object(sha256_of("file 590"), false);
    std::filesystem::rename(lost, folder.path() / "aside");
    EXPECT_FALSE(is_found());
    write_file(lost, "file 59!x", Durability::cached); // of another size
    EXPECT_FALSE(is_found());
    std::filesystem::rename(folder.path() / "aside", lost);
    EXPECT_TRUE(is_found());
    std::filesystem::remove(store.paths().tree(archives.front()));
    EXPECT_FALSE(is_found());
}

TEST_F(Kept, OfManyTheNewestStay) {
    const auto now = std::filesystem::file_time_type::clock::now();
    for (std::size_t i = 0; i < LayoutCache::most_kept + 3; ++i) {
        const Sha256 other = sha256_of(std::to_string(i));
        cache.put(other, layout);
        std::filesystem::last_write_time(folder.path() / "cache" / other.hex(),
                                         now - std::chrono::hours(100 - i));
    }
    EXPECT_TRUE(is_found());
    cache.put(sha256_of("last"), layout);
    std::size_t files = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder.path() / "cache")) {
        EXPECT_NE(file.path().filename(), sha256_of("0").hex());
        ++files;
    }
    EXPECT_EQ(files, LayoutCache::most_kept);
}

TEST_F(Kept, ACacheThatCannotBeWrittenIsNoFailure) {
    write_file(folder.path() / "file", "", Durability::cached);
    EXPECT_NO_THROW(LayoutCache(folder.path() / "file").put(env, layout));
}

} // namespace

} // namespace envpm::installing
