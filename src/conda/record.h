#pragma once

#include "base/hash.h"
#include "conda/version.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace envpm::conda {

/// For which platforms one package file is meant (CEP 34): `python` ones are laid out for the
/// Python that they come to stand beside.
enum class Noarch { none, generic, python };

/// One package file of a channel (CEP 36), which agrees with its own file name and its place.
struct Record {
    std::string name;
    std::string version_text;
    std::string build;
    Version version;
    std::uint64_t build_number = 0;
    std::string subdir;                       ///< "noarch"; where it lies, which is what it says
    std::string file_name;                    ///< "tzdata-2025a-h_0.conda"
    std::string url;                          ///< absolute, `base_url` applied, without credentials
    std::vector<std::string> depends;         ///< as written, for whoever parses them
    std::vector<std::string> constrains;      ///< as `depends`
    std::uint32_t track_features = 0;         ///< how many
    std::optional<std::int64_t> timestamp_ms; ///< when it was built; since 1970
    std::uint64_t size_bytes = 0;
    Sha256 sha256;
    std::string md5; ///< hexadecimal, lower case; may be empty
    Noarch noarch = Noarch::none;
    std::string python_site_packages_path; ///< CEP 17; a `python` package may have one
    std::vector<std::string> pypi_names;   ///< from its purls: what it is called on PyPI
    std::string license;
};

/// An entry of a channel that is no candidate.
struct Unusable {
    std::string file_name;
    std::string why; ///< "it has no sha256"

    bool operator==(const Unusable&) const = default;
};

} // namespace envpm::conda
