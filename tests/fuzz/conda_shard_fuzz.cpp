#include "conda/shard.h"
#include "conda_record_check.h"
#include "fuzz.h"

#include <algorithm>
#include <string>

namespace envpm::fuzz {

/// A shard, and an index of shards; both inflated.
void read(std::string_view input) {
    const conda::BlockPlace place = {"demo", "noarch", "https://e.org/"};
    const auto block = if_accepted([&] {
        return conda::read_shard(input, {"demo", "noarch", "shard"});
    });
    if (block) {
        const std::string_view one[] = {*block};
        const auto found = conda::read_blocks(one, place);
        ENVPM_ASSERT(found.has_value());
        check_records(*found, place);
    }
    const auto index =
        if_accepted([&] { return conda::read_shard_index(input, "noarch", "page"); });
    if (index) {
        ENVPM_ASSERT(std::is_sorted(
            index->entries.begin(), index->entries.end(),
            [](const auto& one, const auto& other) { return one.name < other.name; }));
    }
}

} // namespace envpm::fuzz
