#include "base/ascii.h"

#include <algorithm>

namespace envpm {

std::string ascii_lower(std::string_view text) {
    std::string lower(text);
    std::transform(text.begin(), text.end(), lower.begin(), [](char c) { return ascii_lower(c); });
    return lower;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = std::min(text.find_first_not_of(white_space), text.size());
    const std::size_t end = text.find_last_not_of(white_space) + 1;
    return text.substr(first, std::max(first, end) - first);
}

} // namespace envpm
