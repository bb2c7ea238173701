#pragma once

#include "model/store_paths.h"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace envpm::store {

/// What projects keep alive.
struct Roots {
    std::set<std::string> prefixes;           ///< names below `p/`
    std::vector<std::string> projects;        ///< folders that keep at least one; sorted, unique
    std::vector<std::filesystem::path> stale; ///< links whose environment folder is gone
};

/// Reads `roots/` and the `gens/` folder of each environment that it names; changes nothing. Throws
/// for a root that cannot be read for any other reason than being gone: what it keeps is unknown.
Roots read_roots(const StorePaths& paths);

} // namespace envpm::store
