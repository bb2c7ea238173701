#pragma once

#include "base/toml.h"
#include "importers/imported.h"

namespace envpm::importers {

/// `[workspace]`, formerly `[project]`.
void read_pixi_workspace(const TomlValue& workspace, Imported& imported);

/// Names, URLs, and tables with `channel` and `priority`: what has a higher one comes first.
void read_pixi_channels(const TomlValue& list, Imported& imported);

} // namespace envpm::importers
