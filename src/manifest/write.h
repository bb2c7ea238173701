#pragma once

#include "model/manifest.h"

#include <string>

namespace envpm::manifest {

/// The text of a new envpm.toml that says what `manifest` says, in its order; `parse` reads it
/// again. A target that is all defaults is not written.
std::string to_text(const Manifest& manifest);

} // namespace envpm::manifest
