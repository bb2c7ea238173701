#include "model/channel_subdir.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <string>

namespace envpm {

namespace {

constexpr std::array<std::string_view, 22> subdirs{
    "noarch",        "linux-64",      "linux-aarch64", "osx-64",
    "osx-arm64",     "win-64",        "win-arm64",     "linux-32",
    "linux-armv6l",  "linux-armv7l",  "linux-ppc64",   "linux-ppc64le",
    "linux-riscv32", "linux-riscv64", "linux-s390x",   "linux-loongarch64",
    "win-32",        "osx-32",        "freebsd-64",    "emscripten-wasm32",
    "wasi-wasm32",   "zos-z"};

} // namespace

std::size_t end_of_channel(std::string_view channel) {
    const std::size_t slash = channel.rfind('/');
    if (slash == std::string_view::npos) {
        return channel.size();
    }
    const std::string last = ascii_lower(channel.substr(slash + 1));
    const bool is_subdir = std::find(subdirs.begin(), subdirs.end(), last) != subdirs.end();
    return is_subdir ? slash : channel.size();
}

} // namespace envpm
