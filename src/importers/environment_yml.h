#pragma once

#include "base/yaml.h"
#include "importers/imported.h"

#include <string>

namespace envpm::importers {

/// conda's environment.yml (CEP 24): name, channels, dependencies with their `pip` section,
/// variables; `platforms`, which conda-lock adds, too.
Imported read_environment_yml(const YamlValue& root, const std::string& file);

} // namespace envpm::importers
