#pragma once

#include "fetch/client.h"

#include <chrono>

// For tests only.

namespace envpm::fetch {

/// A client's that does not make a test wait for its next try, and pauses alike each time.
inline NetworkSettings quick_settings() {
    NetworkSettings settings;
    settings.first_retry_pause = std::chrono::milliseconds(2);
    settings.retry_seed = 1;
    return settings;
}

} // namespace envpm::fetch
