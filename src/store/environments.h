#pragma once

#include "base/hash.h"

#include <filesystem>
#include <optional>
#include <set>

namespace envpm::store {

/// What a prefix was made from, by its own manifest (`.envpm/manifest.json`); nothing if that is
/// missing or damaged. Throws if it cannot be read.
std::optional<std::set<Sha256>> archives_of_prefix(const std::filesystem::path& prefix);

} // namespace envpm::store
