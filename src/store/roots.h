#pragma once

#include "base/error.h"
#include "model/store_paths.h"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace envpm::store {

/// What projects keep alive.
struct Roots {
    std::map<std::string, std::set<std::string>> prefixes; ///< names below `p/`: whose they are
    std::vector<std::string> projects;        ///< folders that keep at least one; sorted, unique
    std::vector<std::filesystem::path> stale; ///< links whose environment folder is gone
    std::vector<Error>
        unreadable; ///< for another reason than being gone: what they keep is unknown
};

/// Reads `roots/` and the `gens/` folder of each environment that it names; changes nothing.
Roots read_roots(const StorePaths& paths);

} // namespace envpm::store
