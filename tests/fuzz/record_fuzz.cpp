#include "base/assert.h"
#include "fuzz.h"
#include "pypi/wheel_record.h"

#include <algorithm>

namespace envpm::fuzz {

/// Rows that were read are written so that the same rows are read again.
void read(std::string_view input) {
    auto rows = if_accepted([input] { return pypi::parse_record(input, "RECORD"); });
    if (rows) {
        const std::string text = pypi::record_text(*rows);
        std::sort(rows->begin(), rows->end());
        ENVPM_ASSERT(pypi::parse_record(text, "RECORD") == *rows);
        ENVPM_ASSERT(pypi::record_text(*rows) == text);
    }
}

} // namespace envpm::fuzz
