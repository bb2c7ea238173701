#include "manifest/time_text.h"

#include <algorithm>
#include <chrono>

namespace envpm::manifest {

namespace {

bool is_digit(char c);
std::optional<int> take_number(std::string_view& rest, std::size_t digits);
bool take(std::string_view& rest, std::string_view one_of);
bool take_date(std::string_view& rest);
bool take_clock(std::string_view& rest);
bool take_seconds(std::string_view& rest);

} // namespace

std::optional<std::string> read_time(std::string_view text) {
    std::string_view rest = text;
    if (!take_date(rest)) {
        return std::nullopt;
    }
    std::string normal(text);
    if (rest.empty()) {
        return normal;
    }
    if (!take(rest, "Tt ") || !take_clock(rest) || !take_seconds(rest)) {
        return std::nullopt;
    }
    normal[std::string_view("2026-11-01").size()] = 'T';
    if (take(rest, "Zz")) {
        normal.back() = 'Z';
    } else if (!take(rest, "+-") || !take_clock(rest)) {
        return std::nullopt;
    }
    return rest.empty() ? std::optional(normal) : std::nullopt;
}

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::optional<int> take_number(std::string_view& rest, std::size_t digits) {
    if (rest.size() < digits || !std::all_of(rest.begin(), rest.begin() + digits, is_digit)) {
        return std::nullopt;
    }
    int number = 0;
    for (const char c : rest.substr(0, digits)) {
        number = number * 10 + (c - '0');
    }
    rest.remove_prefix(digits);
    return number;
}

bool take(std::string_view& rest, std::string_view one_of) {
    if (rest.empty() || one_of.find(rest.front()) == std::string_view::npos) {
        return false;
    }
    rest.remove_prefix(1);
    return true;
}

bool take_date(std::string_view& rest) {
    const std::optional<int> year = take_number(rest, 4);
    const bool has_month = take(rest, "-");
    const std::optional<int> month = take_number(rest, 2);
    const bool has_day = take(rest, "-");
    const std::optional<int> day = take_number(rest, 2);
    return year && has_month && month && has_day && day &&
           std::chrono::year_month_day(std::chrono::year(*year),
                                       std::chrono::month(static_cast<unsigned>(*month)),
                                       std::chrono::day(static_cast<unsigned>(*day)))
               .ok();
}

bool take_clock(std::string_view& rest) {
    const std::optional<int> hours = take_number(rest, 2);
    const bool has_minutes = take(rest, ":");
    const std::optional<int> minutes = take_number(rest, 2);
    return hours && *hours <= 23 && has_minutes && minutes && *minutes <= 59;
}

/// ":59", ":59.25"; 60 is a leap second.
bool take_seconds(std::string_view& rest) {
    if (!take(rest, ":")) {
        return false;
    }
    const std::optional<int> seconds = take_number(rest, 2);
    if (!seconds || *seconds > 60) {
        return false;
    }
    if (!take(rest, ".")) {
        return true;
    }
    const std::size_t digits = std::min(rest.size(), rest.find_first_not_of("0123456789"));
    rest.remove_prefix(digits);
    return digits >= 1 && digits <= 9;
}

} // namespace

} // namespace envpm::manifest
