#include "base/assert.h"
#include "fetch/host_rates.h"
#include "fuzz.h"

#include <string>
#include <vector>

namespace envpm::fuzz {

/// What was read is written as a text that is read as the same.
void read(std::string_view input) {
    const std::vector<fetch::HostRate> rates = fetch::decode_host_rates(input);
    const std::string text = fetch::encode_host_rates(rates);
    ENVPM_ASSERT(fetch::decode_host_rates(text) == rates);
    ENVPM_ASSERT(rates.size() <= fetch::most_remembered);
}

} // namespace envpm::fuzz
