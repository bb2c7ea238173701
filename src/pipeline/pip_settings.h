#pragma once

#include "base/variables.h"
#include "pipeline/settings.h"

#include <optional>

namespace envpm::pipeline {

/// The index that the user's pip would ask: `PIP_INDEX_URL`, then `index-url` of pip's files (user
/// before global; https://pip.pypa.io/en/stable/topics/configuration), then what pip itself had
/// built in when envpm was configured. Nothing if none of them says.
std::optional<Mirror> pip_index(const Variables& variables);

/// `key` of pip's files, `[global]` or `[install]`, with the file it came from.
std::optional<Mirror> pip_option(const Variables& variables, std::string_view key);

} // namespace envpm::pipeline
