#include "base/assert.h"
#include "fuzz.h"
#include "pypi/requirement.h"

namespace envpm::fuzz {

using pypi::Reading;
using pypi::Requirement;

/// A requirement is what its own text says.
void read(std::string_view input) {
    for (const Reading reading : {Reading::strict, Reading::old_metadata}) {
        const auto requirement =
            if_accepted([input, reading] { return Requirement::parse(input, reading); });
        if (!requirement) {
            continue;
        }
        const Requirement again = Requirement::parse(requirement->text());
        ENVPM_ASSERT(again.name == requirement->name);
        ENVPM_ASSERT(again.extras == requirement->extras);
        ENVPM_ASSERT(again.specifiers == requirement->specifiers);
        ENVPM_ASSERT(again.marker.text() == requirement->marker.text());
        ENVPM_ASSERT(again.url == requirement->url);
        ENVPM_ASSERT(again.text() == requirement->text());
    }
}

} // namespace envpm::fuzz
