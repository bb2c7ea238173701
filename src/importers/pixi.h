#pragma once

#include "base/toml.h"
#include "importers/imported.h"

#include <string>

namespace envpm::importers {

/// pixi.toml, or pyproject.toml with `[tool.pixi]`. An envpm.toml is one environment: the default
/// one is carried over, which is the default feature and those that `[environments] default` names;
/// all other features and environments become remarks.
Imported read_pixi(const TomlValue& root, const std::string& file);

} // namespace envpm::importers
