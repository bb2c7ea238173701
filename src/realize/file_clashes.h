#pragma once

#include "model/shared_text.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::realize {

/// A path of which two packages hold different files, and nothing says whose is to stand.
struct FileClash {
    std::string path;
    SharedText one; ///< package and version
    SharedText other;
    std::optional<std::string> claimant; ///< who is to win by `[files]`, and has no file there
};

/// Throws one Error for all of them, of which there is one at least: between which packages they
/// are, each path, and what to write into the manifest.
[[noreturn]] void throw_file_clashes(const std::vector<FileClash>& clashes);

} // namespace envpm::realize
