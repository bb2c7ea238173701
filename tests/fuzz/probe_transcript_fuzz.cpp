#include "base/assert.h"
#include "fuzz.h"
#include "model/probe_transcript.h"

namespace envpm::fuzz {

namespace {

bool is_same(const ProbeTranscript& one, const ProbeTranscript& other) {
    return one.stage == other.stage && one.library == other.library && one.cuda == other.cuda &&
           one.driver == other.driver && one.gpu_count == other.gpu_count &&
           one.gpus == other.gpus && one.version == other.version && one.mapped == other.mapped &&
           one.notes == other.notes && one.verdict == other.verdict;
}

} // namespace

/// What a process says that a driver or a library may have taken over: any bytes are fine, and how
/// they are cut does not matter.
void read(std::string_view input) {
    constexpr std::size_t most = 256;
    ProbeTranscript whole;
    whole.add(input);
    ENVPM_ASSERT(whole.gpus.size() <= most && whole.mapped.size() <= most);
    ENVPM_ASSERT(whole.notes.size() <= most);
    ENVPM_ASSERT(!whole.gpu_count || (*whole.gpu_count >= 0 && *whole.gpu_count <= 256));
    ENVPM_ASSERT(!whole.verdict || !whole.verdict->kind.empty());

    constexpr std::size_t limit_bytes = 1U << 18U; // beyond it, what of a part counts differs
    if (input.size() > limit_bytes) {
        return;
    }
    ProbeTranscript parts;
    const std::size_t step = 1 + input.size() % 7;
    for (std::size_t at = 0; at < input.size(); at += step) {
        parts.add(input.substr(at, step));
    }
    ENVPM_ASSERT(is_same(whole, parts));
}

} // namespace envpm::fuzz
