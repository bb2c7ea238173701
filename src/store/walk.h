#pragma once

#include "base/hash.h"
#include "model/store_paths.h"
#include "store/object_name.h"

#include <filesystem>
#include <string>
#include <vector>

namespace envpm::store {

/// The names in a folder, sorted; none if it does not exist. Throws for any other reason that it
/// cannot be read.
std::vector<std::string> names_in(const std::filesystem::path& folder);

struct FoundObject {
    std::filesystem::path path;
    ObjectName name;
};

struct FoundTree {
    std::filesystem::path path;
    Sha256 archive;
};

/// Everything below `objects/` and `trees/` under the name of one; what has no such name, or stands
/// in another folder than its name says, is a stranger. All sorted by path.
struct StoreContent {
    std::vector<FoundObject> objects;
    std::vector<FoundTree> trees;
    std::vector<std::filesystem::path> strangers;
    std::vector<std::filesystem::path> lost_folders; ///< the disk does not give what is in them
};

StoreContent list_content(const StorePaths& paths);

} // namespace envpm::store
