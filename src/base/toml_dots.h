#pragma once

#include <string>
#include <string_view>

namespace envpm {

/// Each dot of a TOML key opens a table, and parser, conversion and destructors go one call deeper
/// for each. Throws an Error with file:line:column where more than 64 dots lead to one key, those
/// of the keys around it included. What is no TOML is not judged here but by the parser.
void check_dots(std::string_view text, const std::string& file);

} // namespace envpm
