#pragma once

#include "base/json.h"
#include "model/script.h"
#include "model/tree.h"

#include <functional>
#include <string>
#include <vector>

namespace envpm::conda {

/// What a package says of itself, apart from its paths.
struct PackageInfo {
    Json index; ///< `info/index.json`, an object
    bool is_noarch_python = false;
    std::vector<ScriptEntry> entry_points; ///< of `info/link.json`; sorted
};

/// The four by which a package is known.
struct PackageIdentity {
    std::string name;
    std::string version;
    std::string build;
    std::string subdir;
};

/// Reads `info/index.json` and `info/link.json`. An Error of code 6 names `subject` if one cannot
/// be read, if the index says another name, version, build or subdir than `expected` (old packages
/// have no subdir), or if an entry point is none.
PackageInfo read_package_info(const Tree& tree, const PackageIdentity& expected,
                              const std::function<std::string(const TreeFile&)>& content,
                              const std::string& subject);

} // namespace envpm::conda
