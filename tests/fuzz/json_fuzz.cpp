#include "base/assert.h"
#include "base/json.h"
#include "fuzz.h"

namespace envpm::fuzz {

/// A value that was read is written so that the same value is read again, in one line or many.
void read(std::string_view input) {
    const auto value = if_accepted([input] { return parse_json(input, "a.json"); });
    if (value) {
        ENVPM_ASSERT(parse_json(to_text(*value), "a.json") == *value);
        ENVPM_ASSERT(parse_json(to_text(*value, 2), "a.json") == *value);
    }
}

} // namespace envpm::fuzz
