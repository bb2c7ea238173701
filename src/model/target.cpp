#include "model/target.h"

#include <charconv>

namespace envpm {

std::string_view to_text(Platform platform) {
    return platform == Platform::linux_64 ? "linux-64" : "linux-aarch64";
}

std::string_view machine_of(Platform platform) {
    return platform == Platform::linux_64 ? "x86_64" : "aarch64";
}

std::optional<Platform> parse_platform(std::string_view text) {
    for (const Platform platform : {Platform::linux_64, Platform::linux_aarch64}) {
        if (to_text(platform) == text) {
            return platform;
        }
    }
    return std::nullopt;
}

std::optional<GlibcVersion> GlibcVersion::parse(std::string_view text) {
    if (text.find_first_not_of("0123456789.") != std::string_view::npos) {
        return std::nullopt; // from_chars would take a minus
    }
    GlibcVersion version;
    const char* const end = text.data() + text.size();
    const auto major_part = std::from_chars(text.data(), end, version.major);
    if (major_part.ec != std::errc() || major_part.ptr == end || *major_part.ptr != '.') {
        return std::nullopt;
    }
    const auto minor_part = std::from_chars(major_part.ptr + 1, end, version.minor);
    if (minor_part.ec != std::errc() || minor_part.ptr != end || version.major < 1) {
        return std::nullopt;
    }
    return version;
}

} // namespace envpm
