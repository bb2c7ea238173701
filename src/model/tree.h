#pragma once

#include "base/hash.h"
#include "base/relative_path.h"

#include <cstdint>
#include <vector>

namespace envpm {

/// One file of an unpacked archive; its content is the store's object of that name.
struct TreeFile {
    RelativePath path;
    Sha256 object;
    std::uint64_t size_bytes = 0;
    bool is_executable = false;

    bool operator==(const TreeFile&) const = default;
};

/// An unpacked archive: what it holds, by content.
struct Tree {
    Sha256 archive;
    std::vector<TreeFile> files; ///< sorted by path, no path twice, no path below another file

    bool operator==(const Tree&) const = default;
};

} // namespace envpm
