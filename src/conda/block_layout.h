#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <type_traits>

// The layout of a block on disk, as docs/conda-index.md has it; read and written with memcpy.

namespace envpm::conda {

static_assert(std::endian::native == std::endian::little,
              "the files of the cache are little-endian");

/// A block is this, then its records, the numbers of their texts, where each text ends, the pairs
/// of numbers of the unusable entries (file name, why), the numbers of the files that the channel
/// has removed, and the texts.
struct BlockHead {
    std::uint32_t records = 0;
    std::uint32_t numbers = 0;
    std::uint32_t texts = 0;
    std::uint32_t unusable = 0;
    std::uint32_t removed = 0;
};

struct PackedRecord {
    enum Flag : std::uint8_t { is_conda = 1, has_md5 = 2, has_timestamp = 4, all = 7 };

    std::array<std::uint8_t, 32> sha256{};
    std::array<std::uint8_t, 16> md5{};
    std::uint64_t size_bytes = 0;
    std::int64_t timestamp_ms = 0;
    std::uint64_t build_number = 0;
    std::uint32_t version = 0; ///< the number of a text, as the next three
    std::uint32_t build = 0;
    std::uint32_t license = 0;
    std::uint32_t python_site_packages_path = 0;
    std::uint32_t track_features = 0;
    std::uint32_t depends = 0;    ///< how many; their numbers follow those of the record before
    std::uint32_t constrains = 0; ///< likewise, after them
    std::uint16_t pypi_names = 0; ///< likewise
    std::uint8_t noarch = 0;
    std::uint8_t flags = 0;
};

static_assert(std::is_trivially_copyable_v<BlockHead> && sizeof(BlockHead) == 20);
static_assert(std::is_trivially_copyable_v<PackedRecord> && sizeof(PackedRecord) == 104);

} // namespace envpm::conda
