#include "model/package_name.h"

#include "base/ascii.h"

#include <algorithm>

namespace envpm {

std::optional<PackageName> PackageName::parse(std::string_view text) {
    if (text.empty() || !is_letter_or_digit(text.front()) || !is_letter_or_digit(text.back())) {
        return std::nullopt;
    }
    std::string normal;
    normal.reserve(text.size());
    for (const char c : text) {
        if (is_letter_or_digit(c)) {
            normal += ascii_lower(c);
        } else if (c != '-' && c != '_' && c != '.') {
            return std::nullopt;
        } else if (normal.back() != '-') {
            normal += '-';
        }
    }
    return PackageName(std::move(normal));
}

std::optional<PackageName> PackageName::parse_conda(std::string_view text) {
    constexpr std::size_t longest = 128;
    const auto is_lower_or_digit = [](char c) {
        return is_letter_or_digit(c) && !is_upper_case(c);
    };
    const bool is_name = !text.empty() && text.size() <= longest &&
                         (is_lower_or_digit(text.front()) || text.front() == '_') &&
                         std::all_of(text.begin(), text.end(), [&](char c) {
                             return is_lower_or_digit(c) || c == '.' || c == '-' || c == '_';
                         });
    return is_name ? std::optional(PackageName(std::string(text))) : std::nullopt;
}

std::optional<PackageName> PackageName::parse_either(std::string_view text) {
    const std::optional<PackageName> name = parse(text);
    return name ? name : parse_conda(text);
}

} // namespace envpm
