#pragma once

#include "model/store_paths.h"

#include <filesystem>

namespace envpm::store {

/// Throws an Error unless the folder is a store of the format that this envpm knows
/// (docs/store.md), and its folders are no links. Nothing in it may be changed or removed before
/// this has been asked.
void require_format(const StorePaths& paths);

/// As above, but makes an empty folder a store first.
void create_or_require_format(const StorePaths& paths);

} // namespace envpm::store
