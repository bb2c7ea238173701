#pragma once

#include "model/store_paths.h"

#include <filesystem>
#include <string_view>

namespace envpm::store {

/// Throws an Error unless the folder is a store of the format that this envpm knows
/// (docs/store.md), and its folders are no links. Nothing in it may be changed or removed before
/// this has been asked.
void require_format(const StorePaths& paths);

/// Throws an Error for a folder that is no store and holds something: the collector would empty a
/// `tmp` of its own. Nothing may be written into it before this has been asked. What a file system
/// has by itself (`lost+found`), what a kill left of the making of a store, and the cache are
/// nothing of others'.
void refuse_other_folder(const StorePaths& paths, const std::filesystem::path& cache);

/// As require_format, but makes a folder that was not refused a store first.
void create_or_require_format(const StorePaths& paths);

/// Whether the folder is a store of this format but for its `VERSION`: that is gone, empty or no
/// text, as a power cut may leave it, or cut. One that another envpm may have written is not lost.
bool has_lost_version(const StorePaths& paths);

/// Makes it anew, durably. Only for who may trust the folder (see sharing.h).
void restore_version(const StorePaths& paths);

/// Whether the root of a store has a folder of that name.
bool is_folder_of_store(std::string_view name);

} // namespace envpm::store
