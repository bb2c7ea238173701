#pragma once

#include "base/toml.h"
#include "model/manifest.h"

#include <string>
#include <string_view>
#include <vector>

namespace envpm::manifest {

/// Which file the tables stand in.
struct Dialect {
    std::string prefix;                             ///< "", or "tool.envpm." for complaints
    std::vector<std::string> more_workspace_keys{}; ///< read by the file's own reader
};

/// Reads every table that envpm.toml and `[tool.envpm]` share into `manifest`, whose file and name
/// are left alone if `[workspace]` has no name. `requires-envpm` is looked at before all else: what
/// a newer envpm understands is not for this one to judge.
void read_tables(const TomlValue& root, const Dialect& dialect, Manifest& manifest);

/// What must hold once everything is read: every index that a requirement names is declared. Adds
/// the default target if there is none.
void complete(Manifest& manifest, Platform platform);

/// A name that can be shown in a prompt: not blank, no control characters, at most 100 bytes.
bool is_workspace_name(std::string_view text);

} // namespace envpm::manifest
