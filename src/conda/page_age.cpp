#include "conda/page_age.h"

#include "base/ascii.h"
#include "base/parse_number.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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
        const std::optional<std::int64_t> seconds =
            word.starts_with(max_age)
                ? parse_number<std::int64_t>(std::string_view(word).substr(max_age.size()))
                : std::nullopt;
        if (seconds) {
            age = std::clamp(std::chrono::seconds(*seconds), std::chrono::seconds(0), longest);
        }
    }
    return age;
}

} // namespace envpm::conda
