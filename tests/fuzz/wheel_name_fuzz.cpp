#include "base/assert.h"
#include "fuzz.h"
#include "pypi/wheel_name.h"

namespace envpm::fuzz {

/// A wheel's name has a version that can be read and at least one tag.
void read(std::string_view input) {
    const auto wheel = pypi::WheelName::parse(input);
    if (wheel) {
        ENVPM_ASSERT(input.ends_with(".whl"));
        ENVPM_ASSERT(!wheel->tags.empty());
        ENVPM_ASSERT(pypi::Version::parse(wheel->version.text()) == wheel->version);
    }
}

} // namespace envpm::fuzz
