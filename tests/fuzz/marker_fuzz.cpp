#include "base/assert.h"
#include "fuzz.h"
#include "pypi/marker.h"

namespace envpm::fuzz {

using pypi::Marker;

/// A marker means what its own text means, whatever environment it is asked about.
void read(std::string_view input) {
    const auto marker = if_accepted([input] { return Marker::parse(input); });
    if (!marker || marker->is_always()) {
        return;
    }
    const Marker again = Marker::parse(marker->text());
    ENVPM_ASSERT(again.text() == marker->text());
    ENVPM_ASSERT(again.names_extra() == marker->names_extra());
    const std::vector<PackageName> one = {*PackageName::parse("x")};
    for (const char* version : {"3.8.0", "3.14.0rc1", ""}) {
        const auto environment = pypi::marker_environment({}, {"cpython", 3, 12, "cp312"}, version);
        ENVPM_ASSERT(again.evaluate(environment, {}) == marker->evaluate(environment, {}));
        ENVPM_ASSERT(again.evaluate(environment, one) == marker->evaluate(environment, one));
    }
    ENVPM_ASSERT(again.evaluate({}, {}) == marker->evaluate({}, {}));
}

} // namespace envpm::fuzz
