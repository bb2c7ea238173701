#pragma once

#include "conda/archive_name.h"
#include "conda/block_builder.h"
#include "conda/raw_record.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace envpm::conda {

/// Gathers the entries of a whole page by name, in any order.
class SubdirBuilder {
  public:
    explicit SubdirBuilder(std::string subdir)
        : subdir_(std::move(subdir)) {}

    /// An entry whose key is no name of a package file belongs to no name: it is only counted.
    void add(std::string_view file_name, const RawRecord& raw);
    void remove(std::string_view file_name);

    [[nodiscard]] std::uint64_t nameless() const { return nameless_; }

    /// The bytes of an index file (index_file.h). Call it once, at the end.
    std::string finish();

  private:
    BlockBuilder& block_of(std::string_view name);

    std::string subdir_;
    std::unordered_map<std::string, BlockBuilder> blocks_;
    std::string last_name_; ///< neighbours often have the same
    BlockBuilder* last_ = nullptr;
    std::uint64_t nameless_ = 0;
};

} // namespace envpm::conda
