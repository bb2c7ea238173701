#pragma once

#include <optional>
#include <string_view>

namespace envpm::pypi {

/// The first header of that name (whatever its case) of a METADATA or WHEEL file, trimmed, without
/// continuation lines. Headers end as Metadata::parse ends them: at the first line that is none.
std::optional<std::string_view> header_field(std::string_view text, std::string_view name);

/// Whether what stands before a colon is a header's name: printable, without a space.
bool is_header_name(std::string_view text);

} // namespace envpm::pypi
