#include "base/assert.h"
#include "fuzz.h"
#include "pipeline/layout_cache.h"

#include <string>

namespace envpm::fuzz {

/// A kept layout, also under a seal of its own: what is read is exactly what is written.
void read(std::string_view input) {
    const Sha256 env = sha256_of("env");
    Layout layout;
    pipeline::parse_layout(input, env, layout);
    const std::string list = env.hex() + "\n" + std::string(input);
    const std::string text = "envpm-layout 1\n" + sha256_of(list).hex() + "\n" + list;
    layout = {};
    if (pipeline::parse_layout(text, env, layout)) {
        const auto again = pipeline::to_text(layout, env);
        Layout same;
        ENVPM_ASSERT(again && pipeline::parse_layout(*again, env, same));
        ENVPM_ASSERT(same.entries == layout.entries);
    }
}

} // namespace envpm::fuzz
