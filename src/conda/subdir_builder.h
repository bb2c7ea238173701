#pragma once

#include "conda/block_builder.h"
#include "conda/index_file.h"
#include "conda/raw_record.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace envpm::conda {

/// Writes the index file of a page while its entries come. A page has the entries of a name one
/// after the other, first in one container and then in the other; each such run becomes a block, so
/// little is in memory at any time. A page in any other order only gives more blocks.
class SubdirBuilder {
  public:
    SubdirBuilder(std::string subdir, IndexWriter::Sink sink)
        : block_(std::move(subdir)),
          writer_(std::move(sink)) {}

    /// An entry whose key is no name of a package file belongs to no name: it is only counted.
    void add(std::string_view file_name, const RawRecord& raw);
    void remove(std::string_view file_name);

    [[nodiscard]] std::uint64_t nameless() const { return nameless_; }

    /// The index's digest. Call it once, at the end.
    std::string finish();

  private:
    void turn_to(std::string_view name);

    BlockBuilder block_;
    IndexWriter writer_;
    std::uint64_t nameless_ = 0;
};

} // namespace envpm::conda
