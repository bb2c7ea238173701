#include "base/assert.h"
#include "fuzz.h"
#include "manifest/read.h"

namespace envpm::fuzz {

/// A pyproject.toml is a manifest with at least one target, or refused.
void read(std::string_view input) {
    const auto manifest = if_accepted([input] {
        return manifest::parse(std::string(input), "/project/pyproject.toml", Platform::linux_64);
    });
    ENVPM_ASSERT(!manifest || !manifest->targets.empty());
}

} // namespace envpm::fuzz
