#pragma once

#include "base/toml.h"

#include <optional>
#include <string>
#include <string_view>

namespace envpm::lockfiles {

/// The same value as `parse_toml` gives, places included, for a text that holds no more of TOML
/// than `to_text` writes; nothing for any other text, which TOML's own reader then has to judge. It
/// is there because every command reads the lock, and it takes a fraction of the time.
std::optional<TomlValue> read_canonical_text(std::string_view text, const std::string& file);

} // namespace envpm::lockfiles
