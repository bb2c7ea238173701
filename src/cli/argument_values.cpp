#include "cli/argument_values.h"

#include "base/error.h"
#include "base/moment.h"
#include "base/parse_number.h"
#include "model/compute_capability.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <limits>

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

struct Quantity {
    std::uint64_t number;
    std::uint64_t factor;
};

template <std::size_t count>
std::optional<Quantity> parse(std::string_view text, const std::array<Unit, count>& units);
std::optional<std::uint64_t> product_of(const Quantity& quantity);
[[noreturn]] void throw_bad_value(std::string_view flag, const std::string& what);

} // namespace

ColorMode color_mode_of(const std::string& text) {
    if (text == "auto") {
        return ColorMode::automatic;
    }
    if (text == "always" || text == "never") {
        return text == "always" ? ColorMode::always : ColorMode::never;
    }
    throw_bad_value("--color", fmt::format("`{}` is none of auto, always and never", text));
}

std::chrono::seconds grace_of(const std::string& text) {
    if (const auto time = parse_time(text)) {
        return *time;
    }
    throw_bad_value("--grace", fmt::format("`{}` is no time such as 24h or 7d", text));
}

std::uint64_t freed_of(const std::string& text) {
    if (const auto bytes = parse_size(text)) {
        return *bytes;
    }
    throw_bad_value("--max-freed",
                    parse(text, sizes)
                        ? fmt::format("`{}` is more than 16 EiB, which no disk holds", text)
                        : fmt::format("`{}` is no size such as 500MB or 10GiB", text));
}

CudaVersion driver_cuda_of(const std::string& text) {
    if (const auto version = CudaVersion::parse(text)) {
        return *version;
    }
    throw_bad_value("--driver-cuda", fmt::format("`{}` is no version such as 12.8", text));
}

std::vector<std::string> listed_gpus(const std::vector<std::string>& parts,
                                     const std::string& flag) {
    std::vector<std::string> names;
    for (const std::string& part : parts) {
        const std::size_t begin = std::min(part.find_first_not_of(' '), part.size());
        const std::string name = part.substr(begin, part.find_last_not_of(' ') + 1 - begin);
        const auto number = ComputeCapability::parse(name);
        if (name.empty() || (number && number->suffix != '\0')) {
            throw Error(
                {fmt::format("`{}` is no GPU", name), flag,
                 fmt::format("name products or compute capabilities: `{} \"A100,12.0\"`", flag)},
                ExitCode::usage);
        }
        names.push_back(name);
    }
    return names;
}

std::string fault_of_word(const std::string& text, const std::vector<std::string>& words) {
    const bool is_one = std::find(words.begin(), words.end(), text) != words.end();
    return is_one ? "" : fmt::format("`{}` is none of {}", text, fmt::join(words, ", "));
}

std::string fault_of_number(const std::string& text, double least, double most) {
    const auto number = parse_number<double>(text);
    const bool is_within = number && *number >= least && *number <= most;
    return is_within ? "" : fmt::format("`{}` is no number from {} to {}", text, least, most);
}

std::string fault_of_date(const std::string& text) {
    return last_moment(text)
               ? ""
               : fmt::format("`{}` is no date such as 2026-11-01 or 2026-11-01T12:00:00Z", text);
}

std::optional<std::chrono::seconds> parse_time(std::string_view text) {
    const std::optional<Quantity> time = parse(text, times);
    return time ? std::optional(std::chrono::seconds(time->number * time->factor)) : std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    // A number of bytes alone may be longer.
    if (text.find_first_not_of("0123456789") == std::string_view::npos && text.size() <= 18 &&
        !text.empty()) {
        std::uint64_t bytes = 0;
        std::from_chars(text.data(), text.data() + text.size(), bytes);
        return bytes;
    }
    const std::optional<Quantity> size = parse(text, sizes);
    return size ? product_of(*size) : std::nullopt;
}

namespace {

/// Up to eight digits and one of the units: no time overflows, but sizes may.
template <std::size_t count>
std::optional<Quantity> parse(std::string_view text, const std::array<Unit, count>& units) {
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
    return Quantity{number, unit->factor};
}

/// Nothing if it is too large for a number.
std::optional<std::uint64_t> product_of(const Quantity& quantity) {
    const std::uint64_t most = std::numeric_limits<std::uint64_t>::max() / quantity.factor;
    return quantity.number <= most ? std::optional(quantity.number * quantity.factor)
                                   : std::nullopt;
}

void throw_bad_value(std::string_view flag, const std::string& what) {
    throw Error({fmt::format("{}: {}", flag, what), "the command line", ""}, ExitCode::usage);
}

} // namespace

} // namespace envpm::cli
