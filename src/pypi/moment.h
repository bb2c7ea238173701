#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace envpm::pypi {

using Moment = std::chrono::sys_time<std::chrono::microseconds>;

/// An RFC 3339 date-time ("2026-11-01T12:00:00.5Z", also with an offset); digits beyond
/// microseconds are cut. Nothing for anything else.
std::optional<Moment> parse_moment(std::string_view text);

/// The last moment that an `exclude-newer` allows: a date-time is itself, a date is the whole day
/// in UTC.
std::optional<Moment> last_moment(std::string_view date_or_moment);

} // namespace envpm::pypi
