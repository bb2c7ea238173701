#include "project/archive_cache.h"

#include "base/free_space.h"
#include "store/leases.h"
#include "store/sharing.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <system_error>

namespace envpm::project {

namespace {

constexpr const char* folder_name = "dl";

std::filesystem::path folder_of(const std::filesystem::path& cache);
bool is_name_of_folder(std::string_view name);
std::filesystem::path lock_of(const std::filesystem::path& cache);
void remove_older(const std::filesystem::path& folder, std::time_t oldest, DryRun dry_run,
                  ArchiveCache::Abandoned& abandoned);
std::filesystem::path made(const std::filesystem::path& cache);
std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder);
std::optional<struct stat> status_of(const std::filesystem::path& file);
bool has_rested_since(const std::filesystem::path& folder, std::time_t time);

} // namespace

ArchiveCache::ArchiveCache(const std::filesystem::path& cache)
    : folder_(folder_of(made(cache))),
      alone_path_(cache / "dl.alone.lock"),
      in_use_(lock_of(cache), LockKind::shared),
      not_alone_(std::in_place, alone_path_, LockKind::shared) {}

void ArchiveCache::remove_unpacked(const Sha256& archive) {
    const std::lock_guard lock(mutex_);
    // Two locks of one process exclude each other. Who comes in between begins only now, and finds
    // the archive here or what was unpacked from it in the store.
    not_alone_.reset();
    if (const auto alone = FileLock::try_take(alone_path_, LockKind::exclusive)) {
        std::error_code failure; // what cannot be removed only takes room
        std::filesystem::remove(folder_ / archive.hex(), failure);
    }
    not_alone_.emplace(alone_path_, LockKind::shared);
}

void ArchiveCache::remove_stored(const std::filesystem::path& cache, const store::Store& store) {
    const std::filesystem::path folder = folder_of(cache);
    std::error_code failure;
    if (!std::filesystem::exists(folder, failure) || std::filesystem::is_empty(folder, failure)) {
        return;
    }
    const auto alone = FileLock::try_take(lock_of(cache), LockKind::exclusive);
    if (!alone) {
        return;
    }
    for (const std::filesystem::path& file : files_in(folder)) {
        const std::string name = file.filename().string();
        const std::optional<Sha256> archive = Sha256::parse(name.substr(0, name.find('.')));
        if (archive && store.tree(*archive)) {
            std::filesystem::remove(file, failure);
        }
    }
}

ArchiveCache::Abandoned ArchiveCache::remove_abandoned(const std::filesystem::path& cache,
                                                       std::time_t oldest, DryRun dry_run) {
    Abandoned abandoned;
    const std::filesystem::path folder = folder_of(cache);
    std::error_code failure;
    if (std::filesystem::exists(folder, failure)) {
        if (const auto alone = FileLock::try_take(lock_of(cache), LockKind::exclusive)) {
            remove_older(folder, oldest, dry_run, abandoned);
        }
    }
    const std::time_t long_ago =
        std::min(oldest, std::time(nullptr) - std::chrono::seconds(abandoned_after).count());
    for (const std::filesystem::path& other : files_in(cache)) {
        if (other != folder && is_name_of_folder(other.filename().string())) {
            const bool is_old = dry_run == DryRun::no && has_rested_since(other, long_ago);
            remove_older(other, long_ago, dry_run, abandoned);
            if (is_old) {
                ::rmdir(other.c_str()); // if it is empty: each boot makes one
            }
        }
    }
    std::sort(abandoned.files.begin(), abandoned.files.end());
    return abandoned;
}

std::uint64_t ArchiveCache::bytes_in(const std::filesystem::path& cache,
                                     std::optional<std::time_t> oldest) {
    std::uint64_t bytes = 0;
    for (const std::filesystem::path& file : files_in(folder_of(cache))) {
        const std::optional<struct stat> status = status_of(file);
        bytes +=
            status && (!oldest || status->st_mtim.tv_sec <= *oldest) ? bytes_on_disk(*status) : 0;
    }
    return bytes;
}

namespace {

/// Each boot has a kernel of its own, which is as far as such locks reach.
std::filesystem::path folder_of(const std::filesystem::path& cache) {
    const Fd handle(::open(cache.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!handle || !store::local_locks_at(handle.get())) {
        return cache / folder_name;
    }
    return cache / fmt::format("{}-{}", folder_name, store::this_holder().boot);
}

bool is_name_of_folder(std::string_view name) {
    return name == folder_name || name.starts_with(fmt::format("{}-", folder_name));
}

std::filesystem::path lock_of(const std::filesystem::path& cache) {
    return cache / "dl.lock";
}

void remove_older(const std::filesystem::path& folder, std::time_t oldest, DryRun dry_run,
                  ArchiveCache::Abandoned& abandoned) {
    for (const std::filesystem::path& file : files_in(folder)) {
        const std::optional<struct stat> status = status_of(file);
        if (!status || status->st_mtim.tv_sec > oldest) {
            continue;
        }
        if (dry_run == DryRun::yes || ::unlink(file.c_str()) == 0) {
            abandoned.files.push_back(file);
            abandoned.bytes += bytes_on_disk(*status);
        }
    }
}

/// As far as it can be: who needs it says why not.
std::filesystem::path made(const std::filesystem::path& cache) {
    std::error_code failure;
    std::filesystem::create_directories(cache, failure);
    return cache;
}

/// As far as the disk gives them: what stays only takes room.
std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    std::error_code failure;
    std::filesystem::directory_iterator entries(folder, failure);
    for (; !failure && entries != std::filesystem::directory_iterator();
         entries.increment(failure)) {
        files.push_back(entries->path());
    }
    return files;
}

/// Of a regular file.
std::optional<struct stat> status_of(const std::filesystem::path& file) {
    struct stat status {};

    const bool is_file = ::lstat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode);
    return is_file ? std::optional(status) : std::nullopt;
}

bool has_rested_since(const std::filesystem::path& folder, std::time_t time) {
    struct stat status {};

    return ::lstat(folder.c_str(), &status) == 0 && status.st_mtim.tv_sec <= time;
}

} // namespace

} // namespace envpm::project
