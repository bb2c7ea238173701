#pragma once

#include "model/tree.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::store {

/// The canonical text of a tree (docs/store.md): JSON with the version first, one entry a line, and
/// a digest of the list, because a changed letter in a path would be noticed by nothing else.
std::string to_text(const Tree& tree);

/// Reads exactly what `to_text` writes, and nothing else: whatever differs is damage.
std::optional<Tree> parse_tree(std::string_view text, const Sha256& archive);

/// Those of the archives whose tree is there, by `path_of`, and undamaged.
std::vector<Tree> read_trees(const std::set<Sha256>& archives,
                             const std::function<std::filesystem::path(const Sha256&)>& path_of);

} // namespace envpm::store
