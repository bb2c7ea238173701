#pragma once

#include "base/error.h"
#include "base/known_files.h"
#include "realize/tree_digest.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace envpm::realize {

/// Something that a prefix holds on disk.
struct FoundEntry {
    std::string path;              ///< within the prefix
    std::optional<EntryKind> kind; ///< nothing for sockets, devices and the like
    std::uint64_t size_bytes = 0;
    std::int64_t time = 0; ///< of the last change, in seconds
    FileIdentity identity;
};

struct Walk {
    std::vector<FoundEntry> found;
    /// Folders, by path (`.` is the prefix), of which not everything can be listed and looked at,
    /// and why. Nothing of what they hold is in `found`.
    std::map<std::string, Error, std::less<>> unreadable = {};
};

/// All but `.envpm`, following no link; folders before what they hold, else in no order.
Walk walk_readable(const std::filesystem::path& prefix);

/// The same for who needs all of it: an unreadable folder is an Error.
std::vector<FoundEntry> walk(const std::filesystem::path& prefix);

} // namespace envpm::realize
