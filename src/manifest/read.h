#pragma once

#include "model/manifest.h"

#include <filesystem>
#include <optional>
#include <span>
#include <string>

namespace envpm::manifest {

/// Reads envpm.toml, or pyproject.toml (`[tool.envpm]`, `[project] dependencies` and
/// `requires-python`; `[tool.envpm.workspace] extras` and `groups` choose optional-dependencies and
/// PEP 735 groups). Every complaint is an Error (code 1) with file:line:column; an unknown key
/// comes with its near miss and the list of what is known. `platform` is for the default target.
Manifest read(const std::filesystem::path& file, Platform platform);

/// As `read`, from text; `file` is for the places.
Manifest parse(const std::string& text, const std::filesystem::path& file, Platform platform);

/// envpm.toml (first) or a pyproject.toml with `[tool.envpm]`, in `folder` or the nearest folder
/// above.
std::optional<std::filesystem::path> find(const std::filesystem::path& folder);

} // namespace envpm::manifest
