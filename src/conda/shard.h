#pragma once

#include "base/hash.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::conda {

/// The page that names the shards of a subdir (CEP 16, repodata_shards.msgpack.zst).
struct ShardIndex {
    struct Entry {
        std::string name;
        Sha256 sha256; ///< of the shard, as it is compressed
    };

    std::string base_url;        ///< of the packages, as written; empty if there is none
    std::string shards_base_url; ///< of the shards, likewise
    std::vector<Entry> entries;  ///< sorted by name

    [[nodiscard]] const Entry* find(std::string_view name) const;
};

/// Reads the inflated page of `subdir`. Throws an Error of code 5 with `url` if it is damaged, cut
/// short, of another subdir or of another version of the format.
ShardIndex read_shard_index(std::string_view page, const std::string& subdir,
                            const std::string& url);

/// Where a shard lies.
struct ShardPlace {
    std::string name;
    std::string subdir;
    std::string url; ///< for messages
};

/// Reads an inflated shard, the entries of one name, and gives its block (block.h). Throws an Error
/// of code 5 with the URL if it is damaged, cut short or no shard. What is wrong with one entry
/// spoils that entry only.
std::string read_shard(std::string_view shard, const ShardPlace& place);

} // namespace envpm::conda
