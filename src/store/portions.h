#pragma once

#include "store/open_archive.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace envpm::store {

/// Files of one archive that one task unpacks, one after the other: a large one, or several small
/// ones, beside which tasks of their own would take time and memory that shows.
struct Portion {
    std::vector<std::size_t> files;
    std::uint64_t cost = 0; ///< bytes that come out, and some for each file

    static constexpr std::uint64_t most = 256U << 10U; ///< of several; about a millisecond
    static constexpr std::uint64_t cost_of_a_file = 4096;
};

/// Those of `all` that `files` names, in their order.
std::vector<Portion> portions_of(const std::vector<ArchiveFile>& all,
                                 std::span<const std::size_t> files);

} // namespace envpm::store
