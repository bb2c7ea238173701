#include "host/this_machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <string_view>

namespace envpm::host {

namespace {

std::optional<Platform> this_platform();
std::optional<GlibcVersion> this_glibc();

} // namespace

std::optional<Target> detect_target() {
    const std::optional<Platform> platform = this_platform();
    const std::optional<GlibcVersion> glibc = this_glibc();
    if (!platform || !glibc) {
        return std::nullopt;
    }
    return Target{"this-machine", *platform, *glibc};
}

namespace {

std::optional<Platform> this_platform() {
    utsname names{};
    if (::uname(&names) != 0 || std::string_view(names.sysname) != "Linux") {
        return std::nullopt;
    }
    for (const Platform platform : {Platform::linux_64, Platform::linux_aarch64}) {
        if (machine_of(platform) == names.machine) {
            return platform;
        }
    }
    return std::nullopt;
}

/// "glibc 2.36"; other C libraries do not know the name.
std::optional<GlibcVersion> this_glibc() {
    std::array<char, 64> text{};
    constexpr std::string_view family = "glibc ";
    const std::size_t length = ::confstr(_CS_GNU_LIBC_VERSION, text.data(), text.size());
    const std::string_view answer = text.data();
    if (length == 0 || length > text.size() || !answer.starts_with(family)) {
        return std::nullopt;
    }
    return GlibcVersion::parse(answer.substr(family.size()));
}

} // namespace

} // namespace envpm::host
