#pragma once

#include "base/toml.h"
#include "importers/imported.h"

#include <span>

namespace envpm::importers {

/// `[workspace]`, formerly `[project]`, without its channels.
void read_pixi_workspace(const TomlValue& workspace, Imported& imported);

/// Lists of names, URLs, and tables with `channel` and `priority`: what has a higher one comes
/// first, else what is listed first.
void read_pixi_channels(std::span<const TomlValue* const> lists, Imported& imported);

} // namespace envpm::importers
