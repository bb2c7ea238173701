#pragma once

#include "model/target.h"

#include <optional>

namespace envpm::host {

/// This machine as a target, named "this-machine"; nothing where envpm has no platform for it.
std::optional<Target> detect_target();

} // namespace envpm::host
