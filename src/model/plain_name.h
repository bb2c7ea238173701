#pragma once

#include <string_view>

namespace envpm {

/// Whether `text` may name an index or a target: 1 to 64 letters, digits, `.`, `_` and `-`,
/// beginning with a letter or digit. Such a name is safe in a file name, a message and a TOML key.
bool is_plain_name(std::string_view text);

} // namespace envpm
