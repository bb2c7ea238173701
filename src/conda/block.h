#pragma once

#include "conda/record.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::conda {

/// How many unusable entries of a name are told of; the others are only left out.
constexpr std::size_t most_unusable = 100;

/// What one subdir of a channel has under one name.
struct NameRecords {
    std::vector<Record> records;    ///< in the page's order
    std::vector<Unusable> unusable; ///< at most `most_unusable`
};

/// Where a block's records lie: what all of them have in common and the block does not repeat.
struct BlockPlace {
    std::string name;
    std::string subdir;
    std::string base_url; ///< ends with a slash
};

/// Reads the blocks of one name, the compact form of its records (docs/conda-index.md; BlockBuilder
/// writes it). Nothing if one is damaged: no offset of it is believed.
///
/// Files that the channel has removed become unusable. Of two records that differ in the container
/// only, the `.conda` one is left; of two under one file name the last, as JSON readers have it.
std::optional<NameRecords> read_blocks(std::span<const std::string_view> blocks,
                                       const BlockPlace& place);

} // namespace envpm::conda
