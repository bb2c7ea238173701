#include "base/assert.h"
#include "selftest/cache.h"
#include "state_files.h"

namespace envpm::fuzz {

/// What is remembered of self-tests: only a success is believed, and only of the day before; it is
/// written so that the same is read.
void read(std::string_view input) {
    const std::chrono::system_clock::time_point now(std::chrono::seconds(1'790'000'000));
    const std::filesystem::path file = write_scratch("successes.json", input);
    const selftest::SuccessCache cache(file, now);
    const Sha256 key = sha256_of("test");
    if (const auto report = cache.find(key)) {
        ENVPM_ASSERT(report->is_success());
        cache.put(key, *report);
        ENVPM_ASSERT(cache.find(key) == report);
        ENVPM_ASSERT(!selftest::SuccessCache(file, now + std::chrono::hours(24)).find(key));
        ENVPM_ASSERT(!selftest::SuccessCache(file, now - std::chrono::minutes(6)).find(key));
    }
}

} // namespace envpm::fuzz
