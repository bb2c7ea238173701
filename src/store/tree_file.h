#pragma once

#include "model/tree.h"

#include <optional>
#include <string>
#include <string_view>

namespace envpm::store {

/// The canonical text of a tree (docs/store.md): JSON with the version first, one entry a line, and
/// a digest of the list, because a changed letter in a path would be noticed by nothing else.
std::string to_text(const Tree& tree);

/// Reads exactly what `to_text` writes, and nothing else: whatever differs is damage.
std::optional<Tree> parse_tree(std::string_view text, const Sha256& archive);

} // namespace envpm::store
