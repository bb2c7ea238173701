#include "fetch/part_map.h"

#include "base/inflate.h"

#include <span>

namespace envpm::fetch {
namespace {

PartMap example() {
    PartMap map = empty_part_map(2 * mebibyte + 100, sha256_of("file"));
    map.sources = {{"a.example.org", "\"v1\""}, {"b.example.org:8080"}};
    map.blocks[0] = {mebibyte, 0x12345678, 1};
    map.blocks[1] = {500, 7, 2};
    map.blocks[2] = {100, 9, 3};
    return map;
}

std::string reseal(std::string text) {
    text.resize(text.size() - 4);
    const std::uint32_t crc = crc32_of(std::as_bytes(std::span(text)));
    for (unsigned shift = 0; shift < 32; shift += 8) {
        text += static_cast<char>(crc >> shift);
    }
    return text;
}

TEST(PartMap, ComesBackAsItWas) {
    const PartMap map = example();
    EXPECT_EQ(decode_part_map(encode(map), map.size, map.sha256), map);
    const PartMap nothing = empty_part_map(0, sha256_of(""));
    EXPECT_TRUE(nothing.blocks.empty());
    EXPECT_EQ(decode_part_map(encode(nothing), 0, nothing.sha256), nothing);
}

TEST(PartMap, FormatTwoStaysReadable) {
    PartMap map = empty_part_map(1, sha256_of("x"));
    map.sources = {{"h", "\"t\""}};
    map.blocks[0] = {1, 2, 3};
    const std::string text = encode(map);
    const std::string head("\x02\0\0\0\0\0\x10\0\x01\0\0\0\0\0\0\0", 16);
    const std::string tail("\x01\0\0\0\x01\0\0\0h\x03\0\0\0\"t\"\x01\0\0\0\x02\0\0\0\x03\0\0\0",
                           28);
    ASSERT_EQ(text.size(), head.size() + 32 + tail.size() + 4);
    EXPECT_EQ(text.substr(0, 16), head);
    EXPECT_EQ(text.substr(48, 28), tail);
}

TEST(PartMap, FormatOneIsReadWithoutTags) {
    PartMap map = empty_part_map(1, sha256_of("x"));
    map.sources = {{"h"}};
    map.blocks[0] = {1, 2, 3};
    std::string text = encode(map);
    text[0] = 1;
    text.erase(57, 4); // the length of the tag
    EXPECT_EQ(decode_part_map(reseal(text), 1, map.sha256), map);
    text[0] = 3;
    EXPECT_EQ(decode_part_map(reseal(text), 1, map.sha256), std::nullopt);
}

TEST(PartMap, AnyChangedOrMissingByteIsNoticed) {
    const PartMap map = example();
    const std::string text = encode(map);
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_EQ(decode_part_map(changed, map.size, map.sha256), std::nullopt) << i;
        EXPECT_EQ(decode_part_map(text.substr(0, i), map.size, map.sha256), std::nullopt) << i;
    }
}

TEST(PartMap, OfAnotherFileIsNone) {
    const PartMap map = example();
    EXPECT_EQ(decode_part_map(encode(map), map.size + 1, map.sha256), std::nullopt);
    EXPECT_EQ(decode_part_map(encode(map), map.size, sha256_of("other")), std::nullopt);
}

TEST(PartMap, ClaimsThatCannotBeAreNone) {
    PartMap map = example();
    map.blocks[2].filled = 101;
    EXPECT_EQ(decode_part_map(encode(map), map.size, map.sha256), std::nullopt);
    map = example();
    map.blocks.pop_back();
    EXPECT_EQ(decode_part_map(encode(map), map.size, map.sha256), std::nullopt);
    const std::string text = encode(example());
    for (const std::size_t place : {0U, 4U, 48U, 51U, 52U, 55U}) { // version, block, counts
        std::string hostile = text;
        hostile[place] = '\xFF';
        EXPECT_EQ(decode_part_map(reseal(hostile), map.size, map.sha256), std::nullopt) << place;
    }
}

TEST(PartMap, PresentPiecesAreMerged) {
    const PartMap map = example();
    EXPECT_THAT(present_pieces(map),
                ::testing::ElementsAre(Piece{0, mebibyte + 500}, Piece{2 * mebibyte, 100}));
    EXPECT_EQ(block_length(map, 1), mebibyte);
    EXPECT_EQ(block_length(map, 2), 100U);
}

} // namespace
} // namespace envpm::fetch
