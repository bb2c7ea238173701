#pragma once

#include <optional>
#include <string_view>

namespace envpm {

// What the small formats of caches and headers are read with.

/// Takes what stands before the next `end`, and `end`. Nothing if there is no `end`, and then the
/// rest is gone: what was cut off is no field.
inline std::optional<std::string_view> take_until(std::string_view& text, char end) {
    const std::size_t at = text.find(end);
    if (at == std::string_view::npos) {
        text = {};
        return std::nullopt;
    }
    const std::string_view field = text.substr(0, at);
    text.remove_prefix(at + 1);
    return field;
}

} // namespace envpm
