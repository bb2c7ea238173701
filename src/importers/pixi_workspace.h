#pragma once

#include "base/toml.h"
#include "importers/imported.h"

#include <span>

namespace envpm::importers {

/// `[workspace]`, formerly `[project]`, without its channels and their priority.
void read_pixi_workspace(const TomlValue& workspace, Imported& imported);

/// Lists of names, URLs, and tables with `channel` and `priority`: what has a higher one comes
/// first, else what is listed first.
void read_pixi_channels(std::span<const TomlValue* const> lists, Imported& imported);

/// Entries `channel-priority`, the first of which counts.
void read_pixi_channel_priority(std::span<const TomlValue::Member* const> entries,
                                Imported& imported);

} // namespace envpm::importers
