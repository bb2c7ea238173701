#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace envpm {

/// Operating system and processor, in conda's spelling.
enum class Platform { linux_64, linux_aarch64 };

std::string_view to_text(Platform platform);    ///< "linux-64"
std::string_view machine_of(Platform platform); ///< as uname says it: "x86_64"
std::optional<Platform> parse_platform(std::string_view text);

/// A glibc version, ordered.
struct GlibcVersion {
    int major = 2;
    int minor = 28;

    [[nodiscard]] std::string text() const {
        return std::to_string(major) + "." + std::to_string(minor);
    }

    /// "2.28"; nothing for anything else.
    static std::optional<GlibcVersion> parse(std::string_view text);

    auto operator<=>(const GlibcVersion&) const = default;
};

/// The machine that a lock is for. Declared in the manifest, never silently taken from the machine
/// that locks. glibc 2.28 is what every distribution still supported has at least.
struct Target {
    std::string name = "default";
    Platform platform = Platform::linux_64;
    GlibcVersion glibc;

    bool operator==(const Target&) const = default;
};

} // namespace envpm
