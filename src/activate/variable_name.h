#pragma once

#include <string>
#include <string_view>

namespace envpm::activate {

/// A letter or `_`, then letters, digits and `_`: what every shell takes for a name.
[[nodiscard]] constexpr bool is_variable_name(std::string_view text) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    constexpr std::string_view digits = "0123456789";
    if (text.empty() || letters.find(text.front()) == std::string_view::npos) {
        return false;
    }
    for (const char c : text) {
        if (letters.find(c) == std::string_view::npos && digits.find(c) == std::string_view::npos) {
            return false;
        }
    }
    return true;
}

/// Throws an Error that names the variable if its name or its value could not reach a program as
/// they are. A name that is more than a name would be run by the shell.
void check_variable(const std::string& name, std::string_view value);

} // namespace envpm::activate
