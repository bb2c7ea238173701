#pragma once

#include "base/toml.h"
#include "importers/imported.h"

#include <string>

namespace envpm::importers {

/// `[tasks]` of pixi: a command as a text or as `cmd`, with `cwd` and `env` where they are given,
/// becomes a task; whatever has `depends-on` or `args` becomes a remark, since half a task is none.
void read_pixi_tasks(const TomlValue& table, const std::string& where, Imported& imported);

/// The text with envpm's variables in place of pixi's, and a remark if there were any.
std::string with_envpm_variables(std::string text, const SourceLocation& location,
                                 Imported& imported);

} // namespace envpm::importers
