#include "pipeline/cache_leftovers.h"

#include "base/free_space.h"
#include "base/handle.h"
#include "base/unfinished_file.h"
#include "store/format.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <system_error>

namespace envpm::pipeline {

namespace {

constexpr std::chrono::hours most_age{24};

} // namespace

CacheLeftovers find_cache_leftovers(const std::filesystem::path& cache, const StorePaths& store,
                                    std::chrono::system_clock::time_point now) {
    namespace fs = std::filesystem;
    const std::time_t oldest = std::chrono::system_clock::to_time_t(now - most_age);
    CacheLeftovers leftovers;
    std::error_code failure;
    std::error_code ignored;
    // The store may lie in the cache, or be in one folder with it.
    const bool is_one = fs::equivalent(cache, store.root(), ignored);
    fs::recursive_directory_iterator entries(cache, fs::directory_options::skip_permission_denied,
                                             failure);
    for (; !failure && entries != fs::recursive_directory_iterator(); entries.increment(failure)) {
        struct stat status {};

        const fs::path& file = entries->path();
        const bool is_of_store =
            is_one && entries.depth() == 0 && store::is_folder_of_store(file.filename().native());
        if (entries->is_directory(ignored) &&
            (is_of_store || fs::equivalent(file, store.root(), ignored))) {
            entries.disable_recursion_pending();
            continue;
        }
        if (name_when_finished(file.filename().native()) && ::lstat(file.c_str(), &status) == 0 &&
            S_ISREG(status.st_mode) && status.st_mtim.tv_sec < oldest && lock_if_abandoned(file)) {
            leftovers.files.push_back(file);
            leftovers.bytes += bytes_on_disk(status);
        }
    }
    std::sort(leftovers.files.begin(), leftovers.files.end());
    return leftovers;
}

void remove_cache_leftovers(const CacheLeftovers& leftovers) {
    for (const std::filesystem::path& file : leftovers.files) {
        if (const Fd lock = lock_if_abandoned(file)) {
            ::unlink(file.c_str());
        }
    }
}

} // namespace envpm::pipeline
