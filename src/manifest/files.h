#pragma once

#include "base/toml.h"
#include "model/manifest.h"

#include <string>
#include <vector>

namespace envpm::manifest {

/// `[files]`: paths, or patterns of them, and the package whose file stands there.
std::vector<FileRule> read_files(const TomlValue& table, const std::string& where);

/// `[workspace] outside-links`: paths or patterns of links that may lead out of the environment.
std::vector<PathPattern> read_outside_links(const TomlValue& value);

} // namespace envpm::manifest
