#pragma once

#include "pypi/marker_node.h"

#include <string_view>

namespace envpm::pypi {

/// Reads PEP 508's marker language. Throws as Marker::parse.
Marker::Node parse_marker(std::string_view text);

} // namespace envpm::pypi
