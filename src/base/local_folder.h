#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace envpm {

/// What stands at a path, for messages: "a file", "a folder", "a FIFO", "a socket", "a device".
std::string_view kind_name(mode_t mode);

/// Why nothing can lie in the folder of a mirror, with its path: it is not there, is no folder,
/// cannot be read, or is empty, as one that waits to be mounted. Empty if it is well.
std::string fault_of_folder(const std::filesystem::path& folder);

/// Whether one of these reasons is a fault_of_folder, so that waiting does not help.
bool has_folder_fault(std::string_view reasons);

} // namespace envpm
