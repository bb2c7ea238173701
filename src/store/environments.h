#pragma once

#include "base/hash.h"

#include <filesystem>
#include <optional>
#include <set>

namespace envpm::store {

/// What a prefix was made from, by its own manifest (`.envpm/manifest.json`); nothing if that is
/// missing or damaged. Throws if it cannot be read.
std::optional<std::set<Sha256>> archives_of_prefix(const std::filesystem::path& prefix);

/// Something in the store's `p/` that is not from envpm: it has neither the name of a prefix nor
/// what each has in it.
bool is_foreign(const std::filesystem::path& prefix);

} // namespace envpm::store
