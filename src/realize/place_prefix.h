#pragma once

#include "realize/prefix.h"

#include <filesystem>

namespace envpm::realize {

// How a finished prefix comes to its place, by renames alone. All throw an Error that names the
// place; what was there then is there still, unless that is said.

PrefixReport report_of(const PrefixRequest& request, const std::filesystem::path& prefix);

void create_folders(const std::filesystem::path& folder);

/// False if something is there. An empty folder is a free place.
bool rename_to_free_place(const std::filesystem::path& made, const std::filesystem::path& place);

/// What was there comes to be where the new prefix was made, or beside it as `old`. False if it
/// cannot be renamed, as on overlayfs a folder that an earlier layer of a container brought: then
/// both are as they were.
bool exchange(const std::filesystem::path& made, const std::filesystem::path& place);

/// Removes what is there first: a failure or a crash may leave a part of it, or nothing.
void move_to_freed_place(const std::filesystem::path& made, const std::filesystem::path& place);

} // namespace envpm::realize
