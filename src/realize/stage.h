#pragma once

#include "base/progress.h"
#include "base/thread_pool.h"
#include "model/store_paths.h"
#include "realize/build.h"
#include "realize/link_mode.h"

#include <filesystem>

namespace envpm::realize {

/// Where a prefix is made and where it will be.
struct Site {
    const StorePaths& store;
    std::filesystem::path folder; ///< does not exist; its parent does, and may hold other things
    std::filesystem::path prefix; ///< the path that texts name
};

/// Makes the whole prefix in `site.folder`, and makes it durable. After a failure some of it
/// is left there.
LinkMode fill(const Site& site, const PrefixRequest& request, ThreadPool& pool, Progress& progress);

} // namespace envpm::realize
