#pragma once

#include "conda/version_key.h"

#include <compare>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace envpm::conda {

/// A version in conda's order (CEP 33, and `VersionOrder` of conda where the CEP leaves it open).
/// It is cut into segments at `.` and `_`, these into runs of digits and of other characters; what
/// is missing counts as 0, a word comes before every number, `dev` before every word and `post`
/// after every number. Two texts may be one version: `1.0` equals `1`, `1.1RC` equals `1.1rc`.
class Version {
  public:
    /// Nothing for what conda refuses as a version and for a text of more than 256 characters.
    /// White space around it is left off.
    static std::optional<Version> parse(std::string_view text);

    /// As it was written, which file names and the texts of specs refer to.
    [[nodiscard]] const std::string& text() const { return text_; }

    /// Bytes that are equal where versions are, and ordered as they are.
    [[nodiscard]] const VersionKey& key() const { return key_; }

    std::weak_ordering operator<=>(const Version& other) const { return key_ <=> other.key_; }

    bool operator==(const Version& other) const { return key_ == other.key_; }

    /// What `prefix.*` matches: all segments of `prefix` but the last are equal to ours, and of the
    /// last all runs, where a word need only be the beginning of ours: `1.2a` begins `1.2alpha.3`,
    /// but `1.2` does not begin `1.21`. The segments after count for nothing; ours that are missing
    /// are 0: `1.0` begins `1`.
    [[nodiscard]] bool starts_with(const Version& prefix) const;

  private:
    Version(std::string_view text, VersionKey key)
        : text_(text),
          key_(std::move(key)) {}

    std::string text_;
    VersionKey key_;
};

} // namespace envpm::conda

template <> struct std::hash<envpm::conda::Version> {
    std::size_t operator()(const envpm::conda::Version& version) const noexcept {
        return std::hash<std::string>()(version.key());
    }
};
