#pragma once

#include <string>

namespace envpm::manifest {

/// The text as a TOML string: a literal one where that saves escapes.
std::string quoted(const std::string& text);

} // namespace envpm::manifest
