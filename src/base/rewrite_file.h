#pragma once

#include <filesystem>
#include <string_view>

namespace envpm {

/// Throws an Error if `path` is a symbolic link to a file of another name. write_file would put a
/// file in its place, and leave what it leads to as it was: then there are two, of which only one
/// is read. It is not followed either, for whoever wrote the link may not be who runs envpm.
void check_may_rewrite(const std::filesystem::path& path);

/// Replaces a file that people write too, durably and as write_file does, after check_may_rewrite.
/// A file that is there keeps its mode and its group; where that cannot be, nobody gets more rights
/// than before.
void rewrite_file(const std::filesystem::path& path, std::string_view content);

} // namespace envpm
