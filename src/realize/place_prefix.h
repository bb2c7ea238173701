#pragma once

#include "realize/build.h"

#include <filesystem>

namespace envpm::realize {

// How a finished prefix comes to its place.

/// Of a prefix that was made just now; looks at the layout alone, not at the disk.
PrefixReport report_of(const PrefixRequest& request, const std::filesystem::path& prefix);

/// With those above it; that they are there already is fine. Throws an Error that names `folder`.
void create_folders(const std::filesystem::path& folder);

// The rest is renames. They throw an Error that names the place; what was there then is there
// still, unless that is said.

/// False if something is there. An empty folder is a free place.
bool rename_to_free_place(const std::filesystem::path& made, const std::filesystem::path& place);

/// What was there comes to be where the new prefix was made, or beside it as `old`. False if it
/// cannot be renamed, as on overlayfs a folder that an earlier layer of a container brought: then
/// both are as they were.
bool exchange(const std::filesystem::path& made, const std::filesystem::path& place);

/// Removes what is there first: a failure or a crash may leave a part of it, or nothing.
void move_to_freed_place(const std::filesystem::path& made, const std::filesystem::path& place);

} // namespace envpm::realize
