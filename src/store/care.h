#pragma once

#include "base/progress.h"
#include "base/thread_pool.h"
#include "model/store_paths.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace envpm::store {

enum class VerifyDepth {
    quick, ///< type, size, mode
    full,  ///< every byte
};

/// Something in the store that is not what its name says.
struct Damage {
    std::filesystem::path path;
    std::string what;
};

/// Checks every object and tree. Changes nothing. Sorted by path.
std::vector<Damage> verify(const StorePaths& paths, VerifyDepth depth, ThreadPool& pool,
                           Progress& progress);

struct CollectRequest {
    bool only_tell = false;                   ///< --dry-run
    std::chrono::seconds grace{24 * 60 * 60}; ///< younger things are never collected
    std::chrono::system_clock::time_point now;
};

struct CollectReport {
    std::vector<std::filesystem::path> removed; ///< prefixes, trees, objects, leftovers; sorted
    std::uint64_t freed_bytes = 0;
    std::vector<std::string> kept_roots; ///< projects that keep something alive; sorted
};

/// Removes what no project's generation reaches: prefixes, then trees, then objects, then the
/// leftovers of crashed runs. Waits for `store.lock` exclusive: no install runs meanwhile. Roots
/// whose project is gone are dropped; a root that cannot be read for any other reason ends it with
/// an Error before anything is removed. Killed half-way it leaves a store that is whole.
CollectReport collect(const StorePaths& paths, const CollectRequest& request, Progress& progress);

} // namespace envpm::store
