#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace envpm {

/// The number that the whole text is, in decimal digits; a signed one may have a minus. Nothing if
/// it does not fit either.
template <class Number> std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const char* const end = text.data() + text.size();
    const auto [stop, fault] = std::from_chars(text.data(), end, number);
    return fault == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

} // namespace envpm
