#include "base/assert.h"
#include "fuzz.h"
#include "pipeline/layout_cache.h"

#include <string>

namespace envpm::fuzz {

/// A kept layout, also under a seal of its own: what is read is exactly what is written.
void read(std::string_view input) {
    const Sha256 env = sha256_of("env");
    pipeline::parse_layout(input, env);
    const std::string list = env.hex() + "\n" + std::string(input);
    const std::string text = "envpm-layout 1\n" + sha256_of(list).hex() + "\n" + list;
    if (const auto layout = pipeline::parse_layout(text, env)) {
        const auto again = pipeline::to_text(*layout, env);
        ENVPM_ASSERT(again);
        const auto same = pipeline::parse_layout(*again, env);
        ENVPM_ASSERT(same && same->entries == layout->entries);
    }
}

} // namespace envpm::fuzz
