#pragma once

#include "base/error.h"

#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace envpm::fuzz {

/// What a target does with one input: reads it, and asserts what then must hold. An exception that
/// leaves it is a fault.
void read(std::string_view input);

/// What `reader` gives; nothing if it refuses with an Error, the one exception that it may throw.
template <class Reader>
std::optional<std::invoke_result_t<Reader>> if_accepted(const Reader& reader) {
    try {
        return reader();
    } catch (const Error&) {
        return std::nullopt;
    }
}

/// What stands before and after the first line break; the second is empty if there is none.
inline std::pair<std::string_view, std::string_view> first_line(std::string_view text) {
    const std::size_t at = text.find('\n');
    if (at == std::string_view::npos) {
        return {text, {}};
    }
    return {text.substr(0, at), text.substr(at + 1)};
}

} // namespace envpm::fuzz
