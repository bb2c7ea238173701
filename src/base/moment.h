#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace envpm {

using Moment = std::chrono::sys_time<std::chrono::microseconds>;

/// An RFC 3339 date-time ("2026-11-01T12:00:00.5Z", also with an offset) of a day that exists, with
/// nine digits of a second at most; those beyond microseconds are cut. Nothing for anything else.
std::optional<Moment> parse_moment(std::string_view text);

/// The last moment that an `exclude-newer` allows: a date-time is itself, a date ("2026-11-01") is
/// the whole day in UTC.
std::optional<Moment> last_moment(std::string_view date_or_moment);

/// What has a `last_moment`, with `T` and `Z` in capitals.
std::optional<std::string> normal_time(std::string_view date_or_moment);

/// In UTC, whole seconds.
std::string to_rfc3339(std::chrono::system_clock::time_point time);

} // namespace envpm
