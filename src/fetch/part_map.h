#pragma once

#include "base/hash.h"
#include "fetch/gaps.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::fetch {

/// How much of one block of 1 MiB is in the part file: always a prefix of the block.
struct PartBlock {
    std::uint32_t filled = 0;
    std::uint32_t crc32 = 0;   ///< of the filled bytes
    std::uint32_t sources = 0; ///< bit i: some of the bytes came from sources[i]

    bool operator==(const PartBlock&) const = default;
};

constexpr std::uint64_t part_block_bytes = mebibyte;

/// Who sent some of the bytes.
struct PartSource {
    std::string name;            ///< a host or a local file, never credentials
    std::string entity_tag = {}; ///< strong, of the version that it sent (RFC 9110, 8.8.3); or none

    bool operator==(const PartSource&) const = default;
};

/// Bits of `PartBlock::sources`; the last one stands for all sources that got no bit of their own.
constexpr std::size_t most_sources = 32;
constexpr std::size_t longest_source = 300;
constexpr std::size_t longest_entity_tag = 300; ///< of a longer one nothing is kept

/// What the `.map` file says about the `.part` file beside it.
///
/// Format, version 2, all numbers little-endian: u32 version, u32 block bytes, u64 file size, 32
/// bytes sha256, u32 number of sources, each as u32 length and a name, u32 length and an entity
/// tag; then for every block u32 filled, u32 crc32, u32 sources; last a u32 crc32 of everything
/// before it. Version 1 had no entity tags, and is read.
struct PartMap {
    std::uint64_t size = 0;
    Sha256 sha256;
    std::vector<PartSource> sources;
    std::vector<PartBlock> blocks;

    bool operator==(const PartMap&) const = default;
};

PartMap empty_part_map(std::uint64_t size, const Sha256& sha256);

std::string encode(const PartMap& map);

/// Nothing if the text is damaged, of an unknown version, or about another file.
std::optional<PartMap> decode_part_map(std::string_view text, std::uint64_t size,
                                       const Sha256& sha256);

/// What is there, in file order, neighbours merged.
std::vector<Piece> present_pieces(const PartMap& map);

/// The length of block `index`; only the last one is shorter.
std::uint64_t block_length(const PartMap& map, std::size_t index);

} // namespace envpm::fetch
