#pragma once

#include "conda/record.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::conda {

/// A package's entry as a page spells it, before anything of it is believed. The views are into the
/// page. One object is used for one entry after the other.
struct RawRecord {
    std::string_view name;
    std::string_view version;
    std::string_view build;
    std::string_view subdir; ///< empty: it does not say
    std::string_view license;
    std::string_view python_site_packages_path;
    std::vector<std::string_view> depends;
    std::vector<std::string_view> constrains;
    std::vector<std::string_view> purls;
    std::optional<Sha256> sha256;
    std::optional<std::array<std::uint8_t, 16>> md5;
    std::optional<std::uint64_t> build_number;
    std::optional<std::uint64_t> size_bytes;
    std::optional<std::int64_t> timestamp; ///< seconds or milliseconds: both have been written
    std::uint32_t track_features = 0;
    Noarch noarch = Noarch::none;
    bool is_revoked = false;
    std::string_view fault; ///< of a field whose value is of a wrong kind; static text

    /// As new; the lists keep their memory.
    void clear();

    /// What is no digest is a fault of a SHA-256, and counts as absent for an MD5.
    void set_sha256(std::string_view hex);
    void set_md5(std::string_view hex);
};

/// How many words a text of features has, by spaces and commas as conda splits it.
std::uint32_t count_features(std::string_view text);

/// What `noarch: TEXT` means; nothing if it means nothing.
std::optional<Noarch> parse_noarch(std::string_view text);

} // namespace envpm::conda
