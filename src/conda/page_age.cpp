#include "conda/page_age.h"

#include "base/ascii.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>

namespace envpm::conda {

std::chrono::seconds age_allowed(std::string_view cache_control, std::chrono::seconds otherwise) {
    constexpr std::string_view max_age = "max-age=";
    constexpr std::chrono::seconds longest = std::chrono::hours(24);
    std::chrono::seconds age = otherwise;
    while (!cache_control.empty()) {
        const std::size_t comma = std::min(cache_control.find(','), cache_control.size());
        const std::string word = ascii_lower(trimmed(cache_control.substr(0, comma)));
        cache_control.remove_prefix(std::min(comma + 1, cache_control.size()));
        if (word == "no-cache" || word == "no-store") {
            return std::chrono::seconds(0);
        }
        std::int64_t seconds = 0;
        if (word.starts_with(max_age) &&
            std::from_chars(word.data() + max_age.size(), word.data() + word.size(), seconds).ec ==
                std::errc()) {
            age = std::clamp(std::chrono::seconds(seconds), std::chrono::seconds(0), longest);
        }
    }
    return age;
}

} // namespace envpm::conda
