#pragma once

#include "base/known_files.h"
#include "realize/tree_digest.h"

#include <cstdint>
#include <filesystem>
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

/// All but `.envpm`, following no link; folders before what they hold, else in no order.
std::vector<FoundEntry> walk(const std::filesystem::path& prefix);

} // namespace envpm::realize
