#pragma once

#include "base/toml.h"
#include "importers/imported.h"

#include <string>
#include <string_view>

namespace envpm::importers {

/// pixi.toml, or pyproject.toml with `[tool.pixi]`. An envpm.toml is one environment, so the one of
/// that name is carried over: the default feature, unless it does without it, and its own features.
/// All other features and environments become remarks. As in pixi the channels of the features come
/// before those of the workspace, their tasks and variables count more, and the platforms are those
/// that all of them have.
Imported read_pixi(const TomlValue& root, const std::string& file, std::string_view environment);

} // namespace envpm::importers
