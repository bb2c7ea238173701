#include "base/assert.h"
#include "fuzz.h"
#include "locking/lock_stamp.h"

#include <string>

namespace envpm::fuzz {

/// The content of a stamp, also under a seal of its own: what is read is exactly what is written,
/// but for the spelling of a project's name.
void read(std::string_view input) {
    locking::parse_lock_stamp(input);
    const std::string text = "envpm-stamp 2\n" + sha256_of(input).hex() + "\n" + std::string(input);
    if (const auto stamp = locking::parse_lock_stamp(text)) {
        const std::string again = to_text(*stamp);
        const auto same = locking::parse_lock_stamp(again);
        ENVPM_ASSERT(same && to_text(*same) == again);
        ENVPM_ASSERT(same->lock == stamp->lock && same->notes == stamp->notes);
        ENVPM_ASSERT(same->pages.size() == stamp->pages.size());
    }
}

} // namespace envpm::fuzz
