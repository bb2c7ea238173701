#pragma once

#include <filesystem>

namespace envpm {

/// Whether another file system, or another part of one, is mounted there; as far as the system
/// tells, which Linux does since 5.8.
bool is_mount_point(const std::filesystem::path& folder) noexcept;

/// Deletes a tree with plain unlinkat calls, never following a link; what is missing is fine. Gives
/// itself the rights to folders of its own that are read-only or closed. What is mounted in it is
/// not entered, and stays (EBUSY). Best effort when `noexcept` callers need it: returns false if
/// something stayed, and errno says why the first of it did.
bool remove_tree(const std::filesystem::path& root) noexcept;

/// The same of what has this name in a folder, whatever the way to that has become.
bool remove_tree_at(int folder, const char* name) noexcept;

} // namespace envpm
