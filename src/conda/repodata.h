#pragma once

#include "conda/index_file.h"
#include "conda/page_walk.h"

#include <cstdint>
#include <string>

namespace envpm::conda {

/// A repodata.json (CEP 36), read.
struct Repodata {
    std::string digest;         ///< of the index that was written
    std::string base_url;       ///< CEP 15, as written; empty if there is none
    std::uint64_t nameless = 0; ///< entries whose key is no name of a package file
};

/// How many threads parse a page; several are worth it if it is large.
enum class Threads { one, several };

/// Reads the page of `subdir` in one pass and writes its index to `sink` (index_file.h), which is
/// not to be used if this throws. Throws an Error of code 5 with the page's URL that says what is
/// wrong: another page than a repodata.json, a page of another subdir, one that is damaged or cut
/// short. What is wrong with one entry spoils that entry only. `sink` is called by the calling
/// thread. How many threads there are changes where the blocks of the index begin, not what they
/// hold.
Repodata read_repodata(PageWalk page, const std::string& subdir, const IndexWriter::Sink& sink,
                       Threads threads = Threads::one);

} // namespace envpm::conda
