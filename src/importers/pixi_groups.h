#pragma once

#include "base/toml.h"
#include "importers/imported.h"
#include "importers/pixi_environment.h"

namespace envpm::importers {

/// `[dependency-groups]` (PEP 735): those of the environment become wheels, with the groups that
/// they include, each once; the others become remarks. A group that includes itself or one that is
/// not there is an Error with its place, as pixi refuses such a file.
void read_pixi_groups(const TomlValue& groups, const PixiEnvironment& environment,
                      Imported& imported);

/// `[project] optional-dependencies`, likewise: there `project[extra]` includes another one.
void read_pixi_optional(const TomlValue& project, const PixiEnvironment& environment,
                        Imported& imported);

} // namespace envpm::importers
