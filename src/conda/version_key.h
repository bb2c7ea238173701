#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace envpm::conda {

/// What versions are ordered by: bytes, compared as such. They are worked out once, when a version
/// is read; those of most versions fit into the string itself, so that a comparison looks at a few
/// bytes and follows no pointer.
using VersionKey = std::string;

/// Nothing for what is no version.
std::optional<VersionKey> version_key(std::string_view text);

/// The versions whose keys are in a half-open range.
struct VersionRange {
    VersionKey low;  ///< the first key within
    VersionKey high; ///< the first key above

    [[nodiscard]] bool contains(const VersionKey& key) const { return low <= key && key < high; }

    bool operator==(const VersionRange&) const = default;
};

/// The versions that begin with `text` as Version::starts_with says; nothing if it is no version.
std::optional<VersionRange> versions_starting_with(std::string_view text);

/// What `~=text` matches: the versions that are not below it and begin with all its segments but
/// the last. Nothing if it is no version or has only one segment.
std::optional<VersionRange> versions_compatible_with(std::string_view text);

} // namespace envpm::conda
