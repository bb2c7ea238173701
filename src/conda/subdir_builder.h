#pragma once

#include "conda/block_builder.h"
#include "conda/raw_record.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace envpm::conda {

/// Makes the blocks of an index file while a page's entries come. A page has the entries of a name
/// one after the other, first in one container and then in the other; each such run becomes a
/// block, so little is in memory at any time. A page in any other order only gives more blocks.
class SubdirBuilder {
  public:
    /// Takes each block with its name.
    using Blocks = std::function<void(std::string_view name, std::string_view block)>;

    SubdirBuilder(std::string subdir, Blocks blocks)
        : block_(std::move(subdir)),
          blocks_(std::move(blocks)) {}

    /// An entry whose key is no name of a package file belongs to no name: it is only counted.
    void add(std::string_view file_name, const RawRecord& raw);
    void remove(std::string_view file_name);

    /// Hands on the block that was begun.
    void flush() { turn_to({}); }

    /// How many entries without a name there were since the last call.
    std::uint64_t take_nameless() { return std::exchange(nameless_, 0); }

  private:
    void turn_to(std::string_view name);

    BlockBuilder block_;
    Blocks blocks_;
    std::uint64_t nameless_ = 0;
};

} // namespace envpm::conda
