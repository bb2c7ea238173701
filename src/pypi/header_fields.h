#pragma once

#include <optional>
#include <string_view>

namespace envpm::pypi {

/// The first header of that name (whatever its case) in the header block of a METADATA or WHEEL
/// file: up to the first empty line, value trimmed, without continuation lines.
std::optional<std::string_view> header_field(std::string_view text, std::string_view name);

} // namespace envpm::pypi
