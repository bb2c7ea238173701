#pragma once

#include "base/variables.h"
#include "project/settings.h"

#include <optional>
#include <vector>

namespace envpm::project {

/// The index that the user's pip would ask: `PIP_INDEX_URL`, then `index-url` of pip's files (user
/// before global; https://pip.pypa.io/en/stable/topics/configuration), then what pip itself had
/// built in when envpm was configured. Nothing if none of them says.
std::optional<Mirror> pip_index(const Variables& variables);

/// The indexes that the user's pip asks beside that one, and envpm does not: `PIP_EXTRA_INDEX_URL`,
/// else `extra-index-url` of the strongest file that has it, on one line or several.
std::vector<Mirror> pip_extra_indexes(const Variables& variables);

/// `key` of pip's files, `[global]` or `[install]`, with the file it came from.
std::optional<Mirror> pip_option(const Variables& variables, std::string_view key);

} // namespace envpm::project
