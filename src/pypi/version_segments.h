#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::pypi {

/// The phase of a pre-release, in its order.
enum class Phase { alpha, beta, candidate };

/// A version taken apart, as PEP 440 names the parts. For Version and SpecifierSet only.
struct VersionSegments {
    struct Pre {
        Phase phase = Phase::alpha;
        std::uint64_t number = 0;
    };

    std::uint64_t epoch = 0;
    std::vector<std::uint64_t> release; ///< never empty
    std::optional<Pre> pre;
    std::optional<std::uint64_t> post;
    std::optional<std::uint64_t> dev;
    std::vector<std::string> local; ///< lower case, numbers without leading zeros

    /// Nothing for what is no version, as Version::parse.
    static std::optional<VersionSegments> parse(std::string_view text);

    [[nodiscard]] std::string public_text() const;
    [[nodiscard]] std::string local_text() const; ///< "cu128.1", or empty
};

/// What versions are ordered by: compared word by word, a prefix before what continues it, so that
/// a comparison neither allocates nor branches on the parts. Made once, when a version is read.
using VersionKey = std::vector<std::uint64_t>;

VersionKey key_of(const VersionSegments& segments);

// Points between versions, which bound the ranges that specifiers mean. No version has such a key.

/// Above a version of exactly these segments and below every other that is higher.
VersionKey key_just_above(const VersionSegments& segments);

/// Above every local version of these segments, below their next post-release.
VersionKey key_above_locals(const VersionSegments& segments);

/// Above every post-release of these segments, which have neither `post` nor `dev`.
VersionKey key_above_posts(const VersionSegments& segments);

VersionKey key_above_everything();

} // namespace envpm::pypi
