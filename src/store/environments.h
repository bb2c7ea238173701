#pragma once

#include "base/hash.h"
#include "model/store_paths.h"

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace envpm::store {

// In: prefixes of the store. Out: what they were made from, and which projects use them. Changes
// nothing.

/// What a prefix was made from, by its own file list (`.envpm/manifest.json`); nothing if that is
/// missing or damaged. Throws if it cannot be read.
std::optional<std::set<Sha256>> archives_of_prefix(const std::filesystem::path& prefix);

/// Something in the store's `p/` that is not from envpm: it has neither the name of a prefix nor
/// what each has in it.
bool is_foreign(const std::filesystem::path& prefix);

/// A realised prefix of the store.
struct Environment {
    std::string name;                  ///< below `p/`
    std::vector<std::string> projects; ///< folders that have it in a generation; sorted
    std::set<Sha256> archives;         ///< that it was made from; none if its file list is damaged
};

/// All prefixes, sorted by name. Roots that cannot be read are left out: what they keep has no
/// project here.
std::vector<Environment> environments_of(const StorePaths& paths);

} // namespace envpm::store
