#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace envpm::host {

/// What a folder can be used for, or the place where it will be made.
struct FolderFacts {
    std::filesystem::path folder;
    std::filesystem::path existing; ///< itself, or the nearest above it that is there
    bool is_folder = true;          ///< what `existing` is
    bool is_read_only = false;      ///< its file system is mounted so
    bool may_write = true;          ///< this user, by the modes
    bool runs_programs = true;      ///< no `noexec` mount
    /// Nothing if the folder is not there yet or cannot be written: it is tried in no other.
    std::optional<bool> has_hard_links = {};
    std::uint64_t free_bytes = 0;
    std::uint64_t free_files = 0; ///< inodes; a file system that has no such limit says 0 of 0
    bool limits_files = false;
};

/// Looks and, in a folder that is there and may be written, makes a file and a link to it for a
/// moment. What cannot be found out counts as fine. Throws nothing of what is wrong with it.
FolderFacts examine_folder(const std::filesystem::path& folder);

} // namespace envpm::host
