#pragma once

#include <optional>
#include <string_view>

namespace envpm::pypi {

/// The first header of that name (whatever its case) of a METADATA or WHEEL file, trimmed, without
/// continuation lines. Headers end as Metadata::parse ends them: at the first line that is none.
std::optional<std::string_view> header_field(std::string_view text, std::string_view name);

/// Takes the next line, and gives it without its end; of an empty text an empty one. It ends as for
/// Python's reader of headers: with a line feed, a carriage return, or both.
std::string_view take_line(std::string_view& text);

/// Whether what stands before a colon is a header's name: printable, without a space.
bool is_header_name(std::string_view text);

} // namespace envpm::pypi
