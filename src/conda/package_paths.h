#pragma once

#include "base/hash.h"
#include "model/layout.h"
#include "model/tree.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::conda {

enum class PathType { file, link, folder };

/// Which prefix a file names, and how that one is replaced.
struct Placeholder {
    std::string text;
    PlaceholderMode mode = PlaceholderMode::text;

    bool operator==(const Placeholder&) const = default;
};

/// What a package says of one of its paths.
struct PackagePath {
    RelativePath path;
    PathType type = PathType::file;
    std::optional<Sha256> sha256;
    std::optional<std::uint64_t> size_bytes;
    std::optional<Placeholder> placeholder;
    bool is_never_linked = false; ///< `no_link`

    bool operator==(const PackagePath&) const = default;
};

/// `info/paths.json`, version 1. Sorted by path. An Error of code 6 names `subject` for what is
/// malformed, a path that is none or stands twice, a placeholder of less than two bytes or with
/// control characters, a way of replacing it that is not known.
std::vector<PackagePath> parse_paths(std::string_view text, const std::string& subject);

/// The same of packages that are older than paths.json: `info/files` has a path a line, of which
/// `links` are links; `info/has_prefix` "placeholder mode path" or a path alone, quoted or not;
/// `info/no_link` a path a line.
struct OldPathTexts {
    std::string files;
    std::string has_prefix;
    std::string no_link;
};

std::vector<PackagePath> parse_old_paths(const OldPathTexts& texts, const Tree& tree,
                                         const std::string& subject);

/// Of the package in `tree`, whichever way it has them.
std::vector<PackagePath>
read_package_paths(const Tree& tree, const std::function<std::string(const TreeFile&)>& content,
                   const std::string& subject);

/// An Error of code 6 names `subject` and the path where the two differ: every file and link of the
/// tree outside `info` must be listed as what it is, with its sha256 and size where those are told,
/// and whatever is listed must be there (folders follow from the list).
void check_paths(const std::vector<PackagePath>& paths, const Tree& tree,
                 const std::string& subject);

/// The text of a file of the tree, which must be there and no larger than a real one is.
std::string text_of_file(const Tree& tree, std::string_view path,
                         const std::function<std::string(const TreeFile&)>& content,
                         const std::string& subject);

} // namespace envpm::conda
