#pragma once

#include "model/lock.h"
#include "model/manifest.h"
#include "model/package_name.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace envpm::locking {

/// Of the packages that an update names, those that the lock does not have and that may be meant
/// all the same: the manifest asks for them since, or nothing was ever locked. Any other name is
/// misspelt: an Error (code 2) says which may be meant.
std::vector<std::string> unknown_upgrades(const std::set<PackageName>& upgrades,
                                          const Manifest& manifest,
                                          const std::optional<Lock>& previous);

} // namespace envpm::locking
