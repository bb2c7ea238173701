#include "cli/flag_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace envpm::cli {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array times = {Unit{"s", 1}, Unit{"min", 60}, Unit{"h", 3600}, Unit{"d", 86400}};

constexpr std::array sizes = {
    Unit{"", 1},
    Unit{"B", 1},
    Unit{"kB", 1000},
    Unit{"MB", 1000'000},
    Unit{"GB", 1000'000'000},
    Unit{"TB", 1000'000'000'000},
    Unit{"KiB", 1U << 10U},
    Unit{"MiB", 1U << 20U},
    Unit{"GiB", 1U << 30U},
    Unit{"TiB", std::uint64_t{1} << 40U},
};

/// Up to eight digits and one of the units, so that nothing overflows.
template <std::size_t count>
std::optional<std::uint64_t> parse(std::string_view text, const std::array<Unit, count>& units) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string_view name = text.substr(digits);
    const auto unit = std::find_if(units.begin(), units.end(),
                                   [name](const Unit& one) { return one.name == name; });
    std::uint64_t number = 0;
    constexpr std::size_t most_digits = 8;
    if (digits == 0 || digits > most_digits || unit == units.end()) {
        return std::nullopt;
    }
    std::from_chars(text.data(), text.data() + digits, number);
    return number * unit->factor;
}

} // namespace

std::optional<std::chrono::seconds> parse_time(std::string_view text) {
    const std::optional<std::uint64_t> seconds = parse(text, times);
    return seconds ? std::optional(std::chrono::seconds(*seconds)) : std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    // A number of bytes alone may be longer.
    if (text.find_first_not_of("0123456789") == std::string_view::npos && text.size() <= 18 &&
        !text.empty()) {
        std::uint64_t bytes = 0;
        std::from_chars(text.data(), text.data() + text.size(), bytes);
        return bytes;
    }
    return parse(text, sizes);
}

} // namespace envpm::cli
