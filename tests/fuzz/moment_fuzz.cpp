#include "base/assert.h"
#include "base/moment.h"
#include "fuzz.h"

namespace envpm::fuzz {

/// A time that a manifest may hold is one that the index's files can be compared with.
void read(std::string_view input) {
    const auto time = normal_time(input);
    ENVPM_ASSERT(time.has_value() == last_moment(input).has_value());
    ENVPM_ASSERT(!time || last_moment(*time) == last_moment(input));
    ENVPM_ASSERT(time || !parse_moment(input));
}

} // namespace envpm::fuzz
