#include "conda/index_file.h"

#include "base/files.h"

namespace envpm::conda {
namespace {

using testing::ElementsAre;

struct Written {
    std::string bytes;
    std::string digest;
};

Written write(const std::vector<std::pair<std::string, std::string>>& blocks) {
    Written out;
    IndexWriter writer([&out](std::string_view piece) { out.bytes += piece; });
    for (const auto& [name, block] : blocks) {
        writer.add(name, block);
    }
    out.digest = writer.finish();
    return out;
}

std::vector<std::string> blocks_of(const IndexView& view, const std::string& name) {
    std::vector<std::string> out;
    const IndexView::Range range = view.find(name);
    for (std::size_t i = range.begin; i < range.end; ++i) {
        out.emplace_back(view.block(i).value_or("damaged"));
    }
    return out;
}

TEST(IndexFile, GivesTheBlocksOfANameInTheOrderTheyCame) {
    const Written written =
        write({{"b", "second"}, {"a", "first"}, {"b", ""}, {"c", std::string(600'000, 'x')}});
    const auto view = IndexView::open(written.bytes);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->size(), 4U);
    EXPECT_EQ(view->name(0), "a");
    EXPECT_EQ(view->name(3), "c");
    EXPECT_THAT(blocks_of(*view, "a"), ElementsAre("first"));
    EXPECT_THAT(blocks_of(*view, "b"), ElementsAre("second", ""));
    EXPECT_THAT(blocks_of(*view, "c"), ElementsAre(std::string(600'000, 'x')));
    for (const char* absent : {"", "0", "aa", "d"}) {
        EXPECT_THAT(blocks_of(*view, absent), ElementsAre());
    }
    EXPECT_EQ(view->digest(), written.digest);
    EXPECT_NE(write({{"b", "second"}}).digest, write({{"b", "seconc"}}).digest);
}

TEST(IndexFile, AnEmptyOneHasNoNames) {
    const auto view = IndexView::open(write({}).bytes);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->size(), 0U);
    EXPECT_THAT(blocks_of(*view, "a"), ElementsAre());
}

TEST(IndexFile, NoDamageGoesUnseen) {
    const std::string good = write({{"a", "first"}, {"b", "second"}}).bytes;
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(IndexView::open(good.substr(0, size))) << size;
    }
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 0x10);
        const auto view = IndexView::open(bad);
        // Only the blocks are not looked at before they are asked for.
        if (view) {
            const bool is_first = blocks_of(*view, "a") == std::vector<std::string>{"first"};
            const bool is_second = blocks_of(*view, "b") == std::vector<std::string>{"second"};
            EXPECT_NE(is_first, is_second) << at;
        }
    }
}

TEST(IndexFile, IsMappedFromAFile) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path path = folder.path() / "index";
    EXPECT_FALSE(IndexFile::open(path));
    write_file(path, "");
    EXPECT_FALSE(IndexFile::open(path));
    write_file(path, write({{"a", "first"}}).bytes);
    std::optional<IndexFile> file = IndexFile::open(path);
    ASSERT_TRUE(file);
    std::filesystem::remove(path);
    const IndexFile moved = std::move(*file);
    EXPECT_THAT(blocks_of(moved.view(), "a"), ElementsAre("first"));
}

} // namespace
} // namespace envpm::conda
