#pragma once

#include <string_view>

namespace envpm::disk_hints {

// What to do about a disk, by whoever knows only the path: nothing of store and cache, and of the
// variables that say where they are. `pipeline` adds those where they help (way_out.h), and knows
// these hints by their text.

inline constexpr std::string_view no_room =
    "free some space there; nothing was lost, the next run goes on";
inline constexpr std::string_view too_little_room = "free some space there";
inline constexpr std::string_view too_few_files = "remove some files there";
inline constexpr std::string_view no_quota = "your disk quota there is used up";
inline constexpr std::string_view read_only = "that file system is read-only";
inline constexpr std::string_view file_above =
    "a file stands there, or above it, where a folder is to be: move it, or name another place";
inline constexpr std::string_view failing = "the disk there fails: `dmesg` may say more";
inline constexpr std::string_view denied = "check who owns it";

} // namespace envpm::disk_hints
