#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace envpm::manifest {

/// The date ("2026-11-01") or date-time with its offset ("2026-11-01T12:00:00Z") of RFC 3339, with
/// `T` and `Z` in capitals; nothing for anything else, days that do not exist included.
std::optional<std::string> read_time(std::string_view text);

} // namespace envpm::manifest
