#include "model/compute_capability.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace envpm {

namespace {

constexpr std::size_t most_digits = 3;
constexpr int first_product_major = 20; // of a bare number: "4090" is no 409.0

std::optional<int> number_of(std::string_view digits);

} // namespace

std::optional<ComputeCapability> ComputeCapability::parse(std::string_view text) {
    const bool is_bare = text.find_first_of("._") == std::string_view::npos;
    for (const std::string_view prefix : {"sm_", "compute_"}) {
        if (text.starts_with(prefix)) {
            text.remove_prefix(prefix.size());
            break;
        }
    }
    ComputeCapability capability;
    if (text.ends_with('a') || text.ends_with('f')) {
        capability.suffix = text.back();
        text.remove_suffix(1);
    }
    if (text.size() < 2) {
        return std::nullopt;
    }
    std::string_view major_part = text.substr(0, text.size() - 1);
    if (major_part.ends_with('.')) {
        major_part.remove_suffix(1);
    }
    const auto major_number = number_of(major_part);
    const auto minor_number = number_of(text.substr(text.size() - 1));
    if (!major_number || !minor_number || *major_number < 2 ||
        (is_bare && *major_number >= first_product_major)) {
        return std::nullopt;
    }
    capability.major = *major_number;
    capability.minor = *minor_number;
    return capability;
}

std::string ComputeCapability::text() const {
    std::string out = fmt::format("{}.{}", major, minor);
    if (suffix != '\0') {
        out += suffix;
    }
    return out;
}

std::string ComputeCapability::code() const {
    std::string out = text();
    out.erase(out.find('.'), 1);
    return out;
}

namespace {

std::optional<int> number_of(std::string_view digits) {
    if (digits.empty() || digits.size() > most_digits ||
        !std::all_of(digits.begin(), digits.end(), is_digit)) {
        return std::nullopt;
    }
    int number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

} // namespace

} // namespace envpm
