#pragma once

#include "base/zstd.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace envpm::conda {

/// A repodata.json (CEP 36), read.
struct Repodata {
    std::string index;          ///< the bytes of an index file (index_file.h)
    std::string base_url;       ///< CEP 15, as written; empty if there is none
    std::uint64_t nameless = 0; ///< entries whose key is no name of a package file
};

/// Reads the page of `subdir` in one pass. Throws an Error of code 5 with `url` that says what is
/// wrong: another page than a repodata.json, a page of another subdir, one that is damaged or cut
/// short. What is wrong with one entry spoils that entry only.
Repodata read_repodata(const InflatedBytes& page, const std::string& subdir,
                       const std::string& url);

} // namespace envpm::conda
