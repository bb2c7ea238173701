#pragma once

#include "model/layout.h"
#include "model/python.h"
#include "model/tree.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace envpm::conda {

struct PackageLayoutRequest {
    // What the lock says this package is.
    std::string name;
    std::string version;
    std::string build;
    std::string subdir;    ///< "linux-64", "noarch"
    std::string file_name; ///< "zlib-1.3.1-hb9d3cd8_2.conda"
    std::uint64_t size_bytes = 0;
    // What conda-aware tools are told.
    std::string channel; ///< its name
    const Tree& tree;
    std::optional<PythonAbi> python; ///< nothing if the environment has none
    /// CEP 17: `python_site_packages_path` of the environment's Python; empty for the usual place.
    std::string site_packages;
    /// The content of one of the tree's files; for some of those below `info`.
    std::function<std::string(const TreeFile&)> content;
};

/// Where a conda package's files go in a prefix: as they are listed, without `info`; of a noarch
/// Python package `site-packages/` to the environment's, `python-scripts/` to `bin`, and its entry
/// points as scripts (no bytecode is compiled). Files that name the prefix in which the package was
/// built are to be relocated; links keep their targets, wherever those lead.
/// `conda-meta/<name>-<version>-<build>.json` tells conda-aware tools of it (`prefix_record.h`).
/// Nothing of the package runs, neither its link scripts nor what it has for menus.
///
/// An Error of code 6 names the package, and the path if it is one, where `info/index.json` says
/// something else than the lock, where the paths that it lists are not what it holds
/// (`package_paths.h`), for files that are envpm's own or would pass for another package's record,
/// and for a noarch Python package without a Python.
Layout package_layout(const PackageLayoutRequest& request);

} // namespace envpm::conda
