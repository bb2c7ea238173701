#pragma once

#include "base/hash.h"
#include "base/relative_path.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
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

/// A symbolic link of an archive, its target as the archive has it. `check_link_target` accepts it;
/// whether it leads out of a prefix is known only when it is laid out.
struct TreeLink {
    RelativePath path;
    std::string target;

    bool operator==(const TreeLink&) const = default;
};

/// Throws an Error of code 6 naming `link` for a target that is empty, longer than 4,095 bytes, or
/// whose parts are anything else than names that a RelativePath may have, `.` and `..`.
void check_link_target(std::string_view target, const std::string& link);

/// An unpacked archive: what it holds, by content. Wheels have files only.
struct Tree {
    Sha256 archive;
    std::vector<TreeFile> files;      ///< sorted by path, no path twice, no path below another file
    std::vector<TreeLink> links = {}; ///< likewise; no path below a link either
    std::vector<RelativePath> empty_folders = {}; ///< likewise; nothing is below them

    bool operator==(const Tree&) const = default;
};

/// Of items that are sorted by path; null if none has that path.
template <class Items> auto* find_path(Items& sorted, std::string_view path) {
    const auto found = std::lower_bound(sorted.begin(), sorted.end(), path,
                                        [](const auto& item, std::string_view wanted) {
                                            return std::string_view(item.path.string()) < wanted;
                                        });
    return found == sorted.end() || found->path.string() != path ? nullptr : &*found;
}

/// Null if the tree has no such file, or link.
const TreeFile* find_file(const Tree& tree, std::string_view path);
const TreeLink* find_link(const Tree& tree, std::string_view path);

} // namespace envpm
