#include "base/assert.h"
#include "fuzz.h"
#include "manifest/time_text.h"
#include "pypi/moment.h"

namespace envpm::fuzz {

/// A time that a manifest may hold is one that the index's files can be compared with.
void read(std::string_view input) {
    pypi::parse_moment(input);
    const auto time = manifest::read_time(input);
    ENVPM_ASSERT(!time || pypi::last_moment(*time));
}

} // namespace envpm::fuzz
