#pragma once

#include "conda/archive_name.h"
#include "conda/block_layout.h"
#include "conda/raw_record.h"
#include "conda/string_table.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace envpm::conda {

/// Gathers what a subdir has under one name, judges each entry, and writes the block that
/// `read_block` reads.
///
/// An entry is a candidate if it agrees with its file name and its subdir, has a version, a size
/// and a SHA-256, and is neither revoked nor removed. Of two that differ in the container only, the
/// `.conda` one is kept; of two under one file name, the last, as JSON readers have it.
class BlockBuilder {
  public:
    /// How many unusable entries are told of; the others are only left out.
    static constexpr std::size_t most_unusable = 100;

    BlockBuilder(std::string name, std::string subdir)
        : name_(std::move(name)),
          subdir_(std::move(subdir)) {}

    /// `parts` are those of the file name; their name is the builder's.
    void add(const ArchiveName& parts, const RawRecord& raw);

    /// The channel has taken this file back, whether its entry came or is still to come.
    void remove(const ArchiveName& parts);

    void add_unusable(std::string_view file_name, std::string_view why);

    /// It has neither a candidate nor an unusable entry to tell of.
    [[nodiscard]] bool is_empty() const { return records_.empty() && unusable_.empty(); }

    /// Call it once, at the end.
    std::string finish();

  private:
    using Removed = std::pair<std::pair<std::string, std::string>, ArchiveName::Container>;

    /// Empty if it is a candidate.
    std::string judge(const ArchiveName& parts, const RawRecord& raw);
    bool is_version(std::string_view text);
    void pack(const ArchiveName& parts, const RawRecord& raw);
    void add_list(const std::vector<std::string_view>& texts);
    std::uint16_t add_pypi_names(const RawRecord& raw);
    void drop_removed();
    void drop_doubles();
    void drop(const std::vector<bool>& is_dropped);

    std::string name_;
    std::string subdir_;
    StringTable texts_;
    std::vector<PackedRecord> records_;
    std::vector<std::uint32_t> numbers_;
    std::vector<std::uint32_t> unusable_; ///< pairs: file name, why
    std::vector<Removed> removed_;
    std::string last_version_; ///< that was parsed: neighbours often have the same
    bool is_last_version_good_ = false;
};

} // namespace envpm::conda
