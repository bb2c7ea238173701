#pragma once

#include <string>
#include <string_view>

namespace envpm {

// The languages of the package worlds know ASCII only: no locale has a say in what a version is.

// An array, because a literal may lie elsewhere for every source that includes this: one that runs
// from its beginning to its end must see one place.
inline constexpr char white_space_characters[] = " \t\n\r\f\v";
inline constexpr std::string_view white_space = white_space_characters;

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr bool is_upper_case(char c) {
    return c >= 'A' && c <= 'Z';
}

constexpr bool is_letter_or_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || is_upper_case(c);
}

constexpr char ascii_lower(char c) {
    return is_upper_case(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The value of a hexadecimal digit of either case; -1 if it is none.
constexpr int hex_digit(char c) {
    const char lower = ascii_lower(c);
    return is_digit(c) ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string ascii_lower(std::string_view text);

/// Without the white space at both ends.
std::string_view trimmed(std::string_view text);

} // namespace envpm
