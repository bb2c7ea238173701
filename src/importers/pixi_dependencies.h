#pragma once

#include "base/toml.h"
#include "importers/imported.h"

#include <string>

namespace envpm::importers {

/// `[dependencies]` of pixi: a version, or a table whose fields are those of a match spec. Sources
/// (`path`, `git`, `url`) become remarks.
void read_pixi_dependencies(const TomlValue& table, const std::string& where,
                            std::optional<Platform> platform, Imported& imported);

/// `[pypi-dependencies]` of pixi.
void read_pixi_wheels(const TomlValue& table, const std::string& where,
                      std::optional<Platform> platform, Imported& imported);

} // namespace envpm::importers
