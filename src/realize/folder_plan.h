#pragma once

#include "model/layout.h"

#include <cstddef>
#include <string>
#include <vector>

namespace envpm::realize {

/// A folder to make, and what is to be placed in it.
struct PlannedFolder {
    std::string path;                  ///< within the prefix; empty for the prefix itself
    std::vector<std::size_t> entries;  ///< the layout's that lie in it, but for folders
    std::vector<std::size_t> children; ///< by their places in the plan
    std::size_t weight = 1;            ///< folders and entries, itself and all that is below

    /// Its last part.
    [[nodiscard]] const char* name() const;
};

/// The folders that a layout, sorted by path, needs: the prefix itself first, and each after the
/// one that it lies in. Nothing lies below an EmptyFolder, which `compose` sees to: a folder that
/// was left is not entered again.
std::vector<PlannedFolder> plan_folders(const Layout& layout);

} // namespace envpm::realize
