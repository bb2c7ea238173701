#pragma once

#include "base/toml.h"
#include "importers/imported.h"

#include <string>
#include <string_view>

namespace envpm::importers {

/// The tables that a feature and the manifest itself share: dependencies, pypi-dependencies, tasks,
/// activation, system-requirements, pypi-options, target. `where` is as in `feature.cuda.`, for
/// remarks; keys that are none of these are left alone. The workspace was read before.
void read_pixi_feature(const TomlValue& feature, const std::string& where, Imported& imported);

bool is_key_of_pixi_feature(std::string_view name);

/// After all features: what they require of the machine, the most of each, is what every target
/// has.
void carry_system_requirements(Imported& imported);

} // namespace envpm::importers
