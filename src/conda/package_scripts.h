#pragma once

#include "model/tree.h"

#include <filesystem>
#include <string>
#include <vector>

namespace envpm::conda {

/// The package's pre-link, post-link and pre-unlink scripts, sorted: it may need more than its
/// files, and envpm runs none of them.
std::vector<std::string> link_scripts(const Tree& tree, const std::string& name);

/// The scripts that conda sources in a shell when the package's environment is activated, sorted.
std::vector<std::string> activation_scripts(const Tree& tree);

/// What a package of a prefix has for conda to run, and envpm did not.
struct UnrunScripts {
    std::string package;            ///< "libglib 2.84.1"
    std::vector<std::string> paths; ///< within the prefix, sorted

    bool operator==(const UnrunScripts&) const = default;
};

/// The packages of a prefix, by the names of their records in `conda-meta`, that have link scripts;
/// sorted. None in a prefix without conda packages, and in a folder that cannot be read.
std::vector<UnrunScripts> unrun_scripts(const std::filesystem::path& prefix);

} // namespace envpm::conda
