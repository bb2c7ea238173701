#include "base/assert.h"
#include "fuzz.h"
#include "manifest/read.h"

namespace envpm::fuzz {

/// A envpm.toml is a manifest with at least one target, or refused.
void read(std::string_view input) {
    const auto manifest = if_accepted([input] {
        return manifest::parse(std::string(input), "/project/envpm.toml", Platform::linux_64);
    });
    ENVPM_ASSERT(!manifest || !manifest->targets.empty());
}

} // namespace envpm::fuzz
