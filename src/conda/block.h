#pragma once

#include "conda/record.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::conda {

/// What one subdir of a channel has under one name.
struct NameRecords {
    std::vector<Record> records; ///< in the page's order
    std::vector<Unusable> unusable;
};

/// Where a block's records lie: what all of them have in common and the block does not repeat.
struct BlockPlace {
    std::string name;
    std::string subdir;
    std::string base_url; ///< ends with a slash
};

/// Reads a block, the compact form of the records of one name (docs/conda-index.md; BlockBuilder
/// writes it). Nothing if it is damaged: no offset of it is believed.
std::optional<NameRecords> read_block(std::string_view block, const BlockPlace& place);

} // namespace envpm::conda
