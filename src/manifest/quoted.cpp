#include "manifest/quoted.h"

#include "base/toml.h"

#include <algorithm>

namespace envpm::manifest {

std::string quoted(const std::string& text) {
    const bool needs_escapes = text.find_first_of("\"\\") != std::string::npos;
    const bool can_be_literal = std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return c >= ' ' && c != 0x7f && c != '\'';
    });
    return needs_escapes && can_be_literal ? "'" + text + "'" : toml_quoted(text);
}

} // namespace envpm::manifest
