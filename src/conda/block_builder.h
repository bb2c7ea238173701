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

/// Gathers what a page has under one name, judges each entry, and writes the block that
/// `read_blocks` reads.
///
/// An entry is a candidate if it agrees with its file name and its subdir, has a version, a size
/// and a SHA-256, and is not revoked.
class BlockBuilder {
  public:
    explicit BlockBuilder(std::string subdir)
        : subdir_(std::move(subdir)) {}

    /// Begins the block of another name; nothing is left of the one before but memory to use again.
    void begin(std::string_view name);

    [[nodiscard]] const std::string& name() const { return name_; }

    /// `parts` are those of the file name; their name is the builder's.
    void add(const ArchiveName& parts, const RawRecord& raw);

    /// The channel has taken this file of the name back, whether its entry came before or is still
    /// to come, in this block or another.
    void remove(std::string_view file_name);

    void add_unusable(std::string_view file_name, std::string_view why);

    [[nodiscard]] bool is_empty() const {
        return records_.empty() && unusable_.empty() && removed_.empty();
    }

    /// Valid until the next call of `begin`.
    std::string_view finish();

  private:
    /// Empty if it is a candidate.
    std::string judge(const ArchiveName& parts, const RawRecord& raw);
    bool is_version(std::string_view text);
    void pack(const ArchiveName& parts, const RawRecord& raw);
    void add_list(const std::vector<std::string_view>& texts);
    std::uint16_t add_pypi_names(const RawRecord& raw);

    std::string name_;
    std::string subdir_;
    StringTable texts_;
    std::vector<PackedRecord> records_;
    std::vector<std::uint32_t> numbers_;
    std::vector<std::uint32_t> unusable_; ///< pairs: file name, why
    std::vector<std::uint32_t> removed_;
    std::string block_;
    std::string last_version_; ///< that was parsed: neighbours often have the same
    bool is_last_version_good_ = false;
};

} // namespace envpm::conda
