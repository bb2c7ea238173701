#include "pypi/header_fields.h"

#include <algorithm>

namespace envpm::pypi {

namespace {

bool is_same_name(std::string_view left, std::string_view right);
std::string_view trimmed(std::string_view text);

} // namespace

std::optional<std::string_view> header_field(std::string_view text, std::string_view name) {
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string_view line = text.substr(begin, end - begin);
        if (trimmed(line).empty()) {
            return std::nullopt;
        }
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && is_same_name(line.substr(0, colon), name)) {
            return trimmed(line.substr(colon + 1));
        }
        begin = end + 1;
    }
    return std::nullopt;
}

namespace {

bool is_same_name(std::string_view left, std::string_view right) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [lower](char a, char b) { return lower(a) == lower(b); });
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

} // namespace

} // namespace envpm::pypi
