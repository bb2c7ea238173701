#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace envpm::cli {

/// "24h", "30min", "7d", "0s"; else nothing.
std::optional<std::chrono::seconds> parse_time(std::string_view text);

/// "500MB", "10GiB", "4096": bytes, in powers of 1000 or 1024 as the unit says; else nothing.
std::optional<std::uint64_t> parse_size(std::string_view text);

} // namespace envpm::cli
