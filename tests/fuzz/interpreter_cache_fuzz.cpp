#include "base/assert.h"
#include "host/interpreter_cache.h"
#include "state_files.h"

namespace envpm::fuzz {

/// What interpreters answered, in the cache: of one stamp, an interpreter has the path that was
/// asked, and what is read is written so that the same is read.
void read(std::string_view input) {
    const host::Program program{"/usr/bin/python3", "key", "stamp"};
    const host::InterpreterCache cache(write_scratch("found.json", input));
    const host::Answer* const answer = cache.find(program);
    const host::InterpreterCache::Time now{std::chrono::seconds(1712345678)};
    ENVPM_ASSERT(answer == nullptr || cache.find_failure(program, now) == nullptr);
    ENVPM_ASSERT(cache.find({"/usr/bin/python3", "key", "other stamp"}) == nullptr || !answer);
    if (answer == nullptr) {
        return;
    }
    ENVPM_ASSERT(!answer->interpreter || answer->interpreter->executable == program.path);
    const std::filesystem::path file = scratch_folder() / "again.json";
    std::filesystem::remove(file);
    host::InterpreterCache first(file);
    first.put(program, *answer);
    first.save();
    const host::InterpreterCache second(file);
    const host::Answer* const same = second.find(program);
    ENVPM_ASSERT(same != nullptr && *same == *answer);
}

} // namespace envpm::fuzz
