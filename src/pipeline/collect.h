#pragma once

#include "base/dry_run.h"
#include "project/services.h"
#include "store/collect.h"

#include <chrono>
#include <cstdint>
#include <optional>

namespace envpm::pipeline {

struct CollectLimits {
    std::optional<std::chrono::seconds> grace;
    std::optional<std::uint64_t> most_freed_bytes;
};

/// What no project uses goes from the store, and from the cache unfinished downloads that
/// nobody continued for a week (or for `grace`) and what kills left of its files. Killed half-way
/// it leaves both whole: the next run removes the rest.
store::CollectReport collect(const CollectLimits& limits, DryRun dry_run,
                             project::Services& services);

} // namespace envpm::pipeline
