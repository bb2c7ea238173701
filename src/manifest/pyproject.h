#pragma once

#include "base/toml.h"
#include "model/manifest.h"

namespace envpm::manifest {

/// Reads what `[project]` and `[dependency-groups]` say into `manifest`, into which the tables of
/// `[tool.envpm]` were read already: the project's name where the workspace has none, dependencies
/// with the chosen extras and groups, and requires-python where `python` is not required otherwise.
void read_project(const TomlValue& root, Manifest& manifest);

} // namespace envpm::manifest
