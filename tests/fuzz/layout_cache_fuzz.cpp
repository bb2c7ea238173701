#include "base/assert.h"
#include "fuzz.h"
#include "installing/layout_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace envpm::fuzz {

namespace {

std::optional<Layout> layout_in(std::string_view text, const Sha256& env) {
    static ThreadPool pool(1);
    const auto fill = [text](std::uint64_t begin, std::span<char> room) {
        if (begin > text.size() || room.size() > text.size() - begin) {
            return false;
        }
        std::copy_n(text.data() + begin, room.size(), room.data());
        return true;
    };
    return installing::read_layout({text.size(), fill}, env, pool);
}

} // namespace

/// A kept layout, also under seals of its own: what is read is exactly what is written. The first
/// line is how many entries there are and how many a part has, the rest one part.
void read(std::string_view input) {
    const Sha256 env = sha256_of("env");
    layout_in(input, env);
    const std::size_t end = std::min(input.find('\n'), input.size());
    const std::string_view part = input.substr(std::min(end + 1, input.size()));
    const std::string list = fmt::format("{}\n{}\n{} {}\n\n", env.hex(), input.substr(0, end),
                                         part.size(), sha256_of(part).hex());
    const std::string text =
        fmt::format("envpm-layout 2\n{}\n{}{}", sha256_of(list).hex(), list, part);
    if (const auto layout = layout_in(text, env)) {
        const auto again = installing::to_text(*layout, env);
        ENVPM_ASSERT(again);
        const auto same = layout_in(*again, env);
        ENVPM_ASSERT(same && same->entries == layout->entries);
    }
}

} // namespace envpm::fuzz
