#include "realize/mend.h"

#include "base/error.h"
#include "base/remove_tree.h"
#include "realize/prefix_manifest.h"
#include "realize/world_for_tests.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace envpm::realize {

namespace {

const std::string mended_site = "lib/python3.11/site-packages/";

/// A world with a prefix of copies, and what was thrown out of it.
struct DamagedPrefix {
    World world;
    Layout layout = compose({world.package({}, 20)}, {});
    ThreadPool pool{2};
    SilentProgress progress;
    std::filesystem::path path;
    std::filesystem::path demo;
    std::vector<std::string> kept;
    std::vector<std::string> moved;

    DamagedPrefix() {
        path = build(world.store, request(), pool, progress).prefix;
        demo = path / "lib/python3.11/site-packages/demo";
    }

    PrefixRequest request() {
        PrefixRequest wanted = world.request(layout);
        wanted.link_mode = LinkMode::copy;
        return wanted;
    }

    Disposal disposal() {
        return {[this](const auto& file) { kept.push_back(file.lexically_relative(path)); },
                [this](const auto& file) {
                    moved.push_back(file.lexically_relative(path));
                    remove_tree(file);
                }};
    }

    std::vector<PrefixDamage> damage() { return check(path, CheckDepth::full, pool, progress); }

    std::vector<std::string> mend() {
        std::vector<std::string> left;
        for (const PrefixDamage& one :
             realize::mend(world.store, path, damage(), LinkMode::copy, disposal())) {
            left.push_back(one.path);
        }
        return left;
    }
};

void overwrite_with(const std::filesystem::path& path, std::string_view content) {
    ::chmod(path.c_str(), 0644);
    const Fd file = open_file(path, O_WRONLY | O_TRUNC);
    write_all(file.get(), content, path.string());
}

std::int64_t time_of(const std::filesystem::path& path) {
    struct stat status {};

    return ::stat(path.c_str(), &status) == 0 ? status.st_mtim.tv_sec : 0;
}

TEST(Mend, MakesFilesThatAreObjectsAnewAndThrowsStrangersOut) {
    DamagedPrefix prefix;
    overwrite_with(prefix.demo / "tools.py", "answer = 41\n");
    ::chmod((prefix.demo / "data/run.sh").c_str(), 0444);
    std::filesystem::remove_all(prefix.demo / "data");
    write_file(prefix.path / "note", "x", Durability::cached);
    const std::vector<PrefixDamage> damages = prefix.damage();
    EXPECT_EQ(mendable(prefix.path, damages).size(), damages.size());
    EXPECT_TRUE(prefix.mend().empty());
    EXPECT_TRUE(prefix.damage().empty());
    EXPECT_EQ(prefix.moved, std::vector<std::string>{"note"});
    EXPECT_THAT(prefix.kept, testing::Contains(mended_site + "demo/tools.py"));
    EXPECT_EQ(time_of(prefix.demo), store_time);
    EXPECT_EQ(contents_digest_of_prefix(prefix.path, prefix.pool, prefix.progress),
              contents_digest(prefix.layout));
}

TEST(Mend, LeavesWhatTheStoreDoesNotHaveAsItIs) {
    DamagedPrefix prefix;
    overwrite_with(prefix.path / "bin/demo", "#!/bin/sh\n");
    std::filesystem::remove(prefix.demo / "tools.py");
    const std::filesystem::path object =
        prefix.world.store.object(sha256_of("answer = 42\n"), false);
    overwrite_with(object, "answer = 40\n");
    EXPECT_EQ(prefix.mend(), (std::vector<std::string>{"bin/demo", mended_site + "demo/tools.py"}));
    EXPECT_EQ(read_file(prefix.path / "bin/demo"), "#!/bin/sh\n");
    EXPECT_TRUE(prefix.kept.empty());
}

TEST(Mend, WritesThroughNoLinkThatStandsForAFolder) {
    DamagedPrefix prefix;
    const std::filesystem::path outside = prefix.world.folder() / "outside";
    std::filesystem::create_directory(outside);
    std::filesystem::remove_all(prefix.demo / "data");
    std::filesystem::create_directory_symlink(outside, prefix.demo / "data");
    EXPECT_THAT(prefix.mend(), testing::Contains(mended_site + "demo/data/run.sh"));
    EXPECT_TRUE(std::filesystem::is_empty(outside));
}

TEST(Mend, MakesAFolderAnewOfWhichNothingCanBeRead) {
    DamagedPrefix prefix;
    const std::vector<PrefixDamage> damages = {
        {mended_site + "demo/data", FileDamage::unreadable},
        {mended_site + "demo/none", FileDamage::unreadable},
        {"bin", FileDamage::unreadable},
    };
    write_file(prefix.demo / "data/strange", "x", Durability::cached);
    EXPECT_EQ(mendable(prefix.path, damages), std::set<std::string>{mended_site + "demo/data"});
    const auto left =
        realize::mend(prefix.world.store, prefix.path, damages, LinkMode::copy, prefix.disposal());
    ASSERT_EQ(left.size(), 2U);
    EXPECT_EQ(left[1].path, "bin") << "what is generated is not in the store";
    EXPECT_EQ(prefix.moved, std::vector<std::string>{mended_site + "demo/data"});
    EXPECT_TRUE(prefix.damage().empty());
    EXPECT_EQ(time_of(prefix.demo / "data"), store_time);
    EXPECT_EQ(digest_at(prefix.path), contents_digest(prefix.layout));
}

TEST(Mend, CannotDoWithoutAManifest) {
    DamagedPrefix prefix;
    overwrite_with(manifest_path(prefix.path), "{");
    EXPECT_EQ(prefix.mend(), std::vector<std::string>{".envpm/manifest.json"});
    EXPECT_TRUE(mendable(prefix.path, {{".envpm/manifest.json", FileDamage::changed}}).empty());
}

TEST(Rebuild, ExchangesTheWholePrefixAndMovesTheOldOneAway) {
    DamagedPrefix prefix;
    overwrite_with(prefix.path / "bin/demo", "#!/bin/sh\n");
    std::vector<std::string> old;
    const Disposal disposal{{}, [&old](const std::filesystem::path& folder) {
                                old.push_back(read_file(folder / "bin/demo"));
                                remove_tree(folder);
                            }};
    rebuild(prefix.world.store, prefix.request(), disposal, prefix.pool, prefix.progress);
    EXPECT_TRUE(prefix.damage().empty());
    EXPECT_EQ(old, std::vector<std::string>{"#!/bin/sh\n"});
}

} // namespace

} // namespace envpm::realize
