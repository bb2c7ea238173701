#include "fetch/retry.h"

#include "base/parse_number.h"

#include <algorithm>
#include <array>

namespace envpm::fetch {

namespace {

constexpr int most_doublings = 5; // 32 times, then cut to 30
constexpr int largest_factor = 30;

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

} // namespace

FailureClass class_of_status(int status) {
    switch (status) {
    case 408:
    case 425:
    case 429:
        return FailureClass::transient;
    case 416:
        return FailureClass::no_ranges;
    default:
        return status >= 500 && status != 501 && status != 505 ? FailureClass::transient
                                                               : FailureClass::absent;
    }
}

Load load_of_status(int status) {
    switch (status) {
    case 403:
    case 429:
        return Load::refused;
    case 408:
    case 503:
        return Load::busy;
    default:
        return Load::unknown;
    }
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view field,
                                                      std::chrono::system_clock::time_point now) {
    const std::size_t begin = field.find_first_not_of(" \t");
    if (begin == std::string_view::npos) {
        return std::nullopt;
    }
    field = field.substr(begin, field.find_last_not_of(" \t") - begin + 1);
    if (const std::optional<std::uint32_t> seconds = parse_number<std::uint32_t>(field)) {
        return std::chrono::seconds(*seconds);
    }
    const std::optional<std::chrono::sys_seconds> date = parse_http_date(field);
    if (!date) {
        return std::nullopt;
    }
    // In whole seconds: a far date has no place in the clock's own unit.
    const auto wait = *date - std::chrono::floor<std::chrono::seconds>(now);
    return std::max(wait, std::chrono::seconds(0));
}

std::chrono::milliseconds Backoff::longest(int failures) const {
    const int doublings = std::clamp(failures - 1, 0, most_doublings);
    return first_ * std::min(1 << doublings, largest_factor);
}

std::chrono::milliseconds Backoff::pause(int failures) {
    std::uniform_int_distribution<std::chrono::milliseconds::rep> choose(0,
                                                                         longest(failures).count());
    return std::chrono::milliseconds(choose(random_));
}

namespace {

/// "Sun, 06 Nov 1994 08:49:37 GMT", the one form that servers may send today.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
    constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (text.size() != 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) {
        return std::nullopt;
    }
    const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
    const std::optional<unsigned> day = parse_number<unsigned>(text.substr(5, 2));
    const std::optional<int> year = parse_number<int>(text.substr(12, 4));
    const std::optional<unsigned> hour = parse_number<unsigned>(text.substr(17, 2));
    const std::optional<unsigned> minute = parse_number<unsigned>(text.substr(20, 2));
    const std::optional<unsigned> second = parse_number<unsigned>(text.substr(23, 2));
    if (month == months.end() || !day || !year || !hour || !minute || !second || *hour > 23 ||
        *minute > 59 || *second > 60) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date(
        std::chrono::year(*year),
        std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
        std::chrono::day(*day));
    if (!date.ok()) {
        return std::nullopt;
    }
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second);
}

} // namespace

} // namespace envpm::fetch
