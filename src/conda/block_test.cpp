#include "conda/block.h"

#include "conda/block_builder.h"
#include "conda/fake_channel.h"

namespace envpm::conda {
namespace {

using test::entry;
using test::with;
using testing::SizeIs;

std::string block_of(const std::vector<test::Entry>& entries) {
    const std::string index = test::index_of(test::repodata(entries));
    const std::optional<IndexView> view = IndexView::open(index);
    return std::string(view->block(0).value());
}

std::optional<NameRecords> records_in(std::string_view block) {
    const std::string_view one[] = {block};
    return read_blocks(one, {"demo", "linux-64", "https://example.org/"});
}

TEST(Block, IsReadAsItWasWritten) {
    const auto found = records_in(block_of({entry("demo", "1.0"), entry("demo", "2.0"),
                                            with(entry("demo", "3.0"), {{"sha256", Json()}})}));
    ASSERT_TRUE(found);
    EXPECT_THAT(found->records, SizeIs(2));
    EXPECT_THAT(found->unusable, SizeIs(1));
    EXPECT_EQ(found->records[1].url, "https://example.org/demo-2.0-h1_0.conda");
}

TEST(Block, WhatIsCutOffIsMissed) {
    const std::string good =
        block_of({with(entry("demo"), {{"depends", Json::Array{"a", "b"}}}),
                  with(entry("demo", "2.0"), {{"license", 1}, {"sha256", Json()}})});
    for (std::size_t size = 0; size < good.size(); ++size) {
        const auto found = records_in(good.substr(0, size));
        EXPECT_TRUE(!found || found->unusable.size() != 1 || found->records.size() != 1) << size;
    }
}

/// The checksum of the index finds accidents; what is made on purpose must do no harm.
TEST(Block, NoByteLeadsAstray) {
    const std::string good =
        block_of({with(entry("demo"), {{"depends", Json::Array{"a", "b"}}, {"timestamp", 5}}),
                  with(entry("demo", "2.0"), {{"sha256", Json()}})});
    int refused = 0;
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (const unsigned value : {0x00U, 0x01U, 0x7fU, 0xffU}) {
            std::string bad = good;
            bad[at] = static_cast<char>(value);
            refused += records_in(bad) ? 0 : 1;
        }
    }
    EXPECT_GT(refused, 200);
}

TEST(Block, SeveralOfANameAreOne) {
    const std::string first = block_of({entry("demo", "1.0", "0", ".tar.bz2")});
    const std::string second = block_of({entry("demo", "1.0", "0"), entry("demo", "2.0", "0")});
    const std::vector<std::string_view> both = {first, second};
    const auto found = read_blocks(both, {"demo", "linux-64", "https://example.org/"});
    ASSERT_TRUE(found);
    ASSERT_THAT(found->records, SizeIs(2));
    EXPECT_EQ(found->records[0].file_name, "demo-1.0-0.conda");
}

} // namespace
} // namespace envpm::conda
