#include "base/assert.h"
#include "conda/channel_cache.h"
#include "state_files.h"

namespace envpm::fuzz {

/// What is remembered of a subdir: times are none before 1970, a page's name leads nowhere else,
/// and what is read is written so that the same is read.
void read(std::string_view input) {
    const std::string url = "https://example.org/c/linux-64";
    const conda::ChannelCache cache(scratch_folder());
    write_scratch(sha256_of(url).hex().substr(0, 16) + "/state.json", input);
    const auto state = cache.state(url);
    if (!state) {
        return;
    }
    ENVPM_ASSERT(state->fetched_nanoseconds >= 0 && state->fresh_until_nanoseconds >= 0);
    ENVPM_ASSERT(state->searched_nanoseconds >= 0);
    ENVPM_ASSERT(!state->form || Sha256::parse(state->content));
    cache.store_state(url, *state);
    const auto again = cache.state(url);
    ENVPM_ASSERT(again && again->form == state->form && again->content == state->content);
    ENVPM_ASSERT(again->fetched_nanoseconds == state->fetched_nanoseconds);
    ENVPM_ASSERT(again->fresh_until_nanoseconds == state->fresh_until_nanoseconds);
    ENVPM_ASSERT(again->searched_nanoseconds == state->searched_nanoseconds);
    ENVPM_ASSERT(again->etag == state->etag && again->last_modified == state->last_modified);
    ENVPM_ASSERT(again->base_url == state->base_url);
}

} // namespace envpm::fuzz
