#include "pypi/header_fields.h"

#include "base/ascii.h"

#include <algorithm>

namespace envpm::pypi {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

} // namespace

std::optional<std::string_view> header_field(std::string_view text, std::string_view name) {
    if (text.starts_with(byte_order_mark)) {
        text.remove_prefix(byte_order_mark.size());
    }
    const std::string wanted = ascii_lower(name);
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.starts_with(' ') || line.starts_with('\t')) {
            continue;
        }
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || !is_header_name(line.substr(0, colon))) {
            return std::nullopt;
        }
        if (ascii_lower(line.substr(0, colon)) == wanted) {
            return trimmed(line.substr(colon + 1));
        }
    }
    return std::nullopt;
}

std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    text.remove_prefix(text.starts_with("\r\n") ? 2 : std::min<std::size_t>(text.size(), 1));
    return line;
}

bool is_header_name(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

} // namespace envpm::pypi
