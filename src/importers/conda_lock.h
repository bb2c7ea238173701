#pragma once

#include "base/yaml.h"
#include "importers/imported.h"

#include <string>

namespace envpm::importers {

/// conda-lock.yml, version 1. What its makers asked for is not in it, so every package of the
/// category `main` becomes a pin for its platform.
Imported read_conda_lock(const YamlValue& root, const std::string& file);

} // namespace envpm::importers
