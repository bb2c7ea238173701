#include "base/assert.h"
#include "fuzz.h"
#include "gpu/binary_cache.h"

namespace envpm::fuzz {

/// What is known of a library: read as it was written.
void read(std::string_view input) {
    if (const auto binary = gpu::parse_binary(input)) {
        const std::string text = gpu::to_text(*binary);
        const auto again = gpu::parse_binary(text);
        ENVPM_ASSERT(again == binary);
        ENVPM_ASSERT(gpu::to_text(*again) == text);
    }
}

} // namespace envpm::fuzz
