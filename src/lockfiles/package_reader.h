#pragma once

#include "base/toml.h"
#include "model/lock.h"

#include <string>
#include <vector>

namespace envpm::lockfiles {

/// One `[[package]]` of a lock whose targets are called `targets`. A block with `subdir` is a conda
/// package, the others are wheels. Throws an Error that names the place.
LockedPackage read_package(const TomlValue& table, const std::vector<std::string>& targets);

} // namespace envpm::lockfiles
