#include "pipeline/cache_leftovers.h"

#include "base/handle.h"
#include "store/format.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <system_error>

namespace envpm::pipeline {

namespace {

constexpr std::chrono::hours most_age{24};

bool is_temporary_name(std::string_view name);
Fd lock_of_abandoned(const std::filesystem::path& file);

} // namespace

CacheLeftovers find_cache_leftovers(const std::filesystem::path& cache, const StorePaths& store,
                                    std::chrono::system_clock::time_point now) {
    namespace fs = std::filesystem;
    constexpr std::uint64_t block_bytes = 512; // whatever the file system's own are
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
        if (is_temporary_name(file.filename().native()) && ::lstat(file.c_str(), &status) == 0 &&
            S_ISREG(status.st_mode) && status.st_mtim.tv_sec < oldest && lock_of_abandoned(file)) {
            leftovers.files.push_back(file);
            leftovers.bytes += static_cast<std::uint64_t>(status.st_blocks) * block_bytes;
        }
    }
    std::sort(leftovers.files.begin(), leftovers.files.end());
    return leftovers;
}

void remove_cache_leftovers(const CacheLeftovers& leftovers) {
    for (const std::filesystem::path& file : leftovers.files) {
        if (const Fd lock = lock_of_abandoned(file)) {
            ::unlink(file.c_str());
        }
    }
}

namespace {

/// A dot, the file's name, a dot and eight hexadecimal digits.
bool is_temporary_name(std::string_view name) {
    constexpr std::size_t end_characters = 9;
    if (name.size() < end_characters + 2 || name.front() != '.') {
        return false;
    }
    const std::string_view end = name.substr(name.size() - end_characters);
    return end.front() == '.' &&
           end.find_first_not_of("0123456789abcdef", 1) == std::string_view::npos;
}

/// None if somebody is at work on it.
Fd lock_of_abandoned(const std::filesystem::path& file) {
    Fd handle(::open(file.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    const bool is_alone = handle && ::flock(handle.get(), LOCK_EX | LOCK_NB) == 0;
    return is_alone ? std::move(handle) : Fd();
}

} // namespace

} // namespace envpm::pipeline
