#pragma once

#include "conda/regex.h"

#include <string_view>
#include <vector>

namespace envpm::conda {

/// The steps that match a regular expression; the last is `found`. Throws as Regex::parse.
std::vector<Regex::Step> compile_regex(std::string_view text);

} // namespace envpm::conda
