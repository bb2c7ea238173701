#pragma once

#include "model/store_paths.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace envpm::pipeline {

/// What kills left of files of the cache that were being written (`.name.xxxxxxxx`, as `write_file`
/// calls them): nobody else removes them where nothing is synced.
struct CacheLeftovers {
    std::vector<std::filesystem::path> files; ///< sorted
    std::uint64_t bytes = 0;                  ///< on disk
};

/// Those of all folders of the cache that are older than a day, and on which nobody holds a lock as
/// whoever writes one does. What cannot be looked into is left out, and so is the store, where it
/// lies in the cache. Changes nothing.
CacheLeftovers find_cache_leftovers(const std::filesystem::path& cache, const StorePaths& store,
                                    std::chrono::system_clock::time_point now);

/// Removes them; what cannot be removed, or has come into use, stays.
void remove_cache_leftovers(const CacheLeftovers& leftovers);

} // namespace envpm::pipeline
