#pragma once

#include "base/dry_run.h"
#include "base/files.h"
#include "base/hash.h"
#include "store/store.h"

#include <chrono>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <optional>
#include <vector>

namespace envpm::project {

/// The cache's folder of archives on their way from the network into the store. Several processes
/// use it at once; each holds two locks shared as long as it does:
///
/// * `dl.lock`: as long as anyone holds it, no archive goes that another process has unpacked.
/// * `dl.alone.lock`: as long as another process holds it, none goes at all: it may wait for it.
///
/// Where locks do not reach other machines that may have the same cache (store/sharing.h), the
/// folder is of this machine alone, until its next boot.
class ArchiveCache {
  public:
    explicit ArchiveCache(const std::filesystem::path& cache);

    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

    /// This process has unpacked it, and whoever begins from now on will find that (Intake); so the
    /// archive goes, if no other process is at work. Any thread.
    void remove_unpacked(const Sha256& archive);

    /// Removes whatever the store has by now, from this run or from one that was killed before it
    /// came here; the last process of several that work at the same time removes for all. Not while
    /// this process has an ArchiveCache.
    static void remove_stored(const std::filesystem::path& cache, const store::Store& store);

    struct Abandoned {
        std::vector<std::filesystem::path> files; ///< sorted
        std::uint64_t bytes = 0;                  ///< on disk: part files have holes
    };

    /// Files that nobody has written to since `oldest`, so that nobody goes on with them. None
    /// while another process is at work. Of other machines' folders only what is `abandoned_after`
    /// old: whether they are at work cannot be seen.
    static Abandoned remove_abandoned(const std::filesystem::path& cache, std::time_t oldest,
                                      DryRun dry_run);

    /// What its files take on disk, or those of them that nobody has written to since `oldest`.
    static std::uint64_t bytes_in(const std::filesystem::path& cache,
                                  std::optional<std::time_t> oldest = std::nullopt);

    static constexpr std::chrono::hours abandoned_after{7 * 24}; ///< if nobody says otherwise

  private:
    std::filesystem::path folder_;
    std::filesystem::path alone_path_;
    FileLock in_use_;
    std::mutex mutex_;
    std::optional<FileLock> not_alone_; ///< shared
};

} // namespace envpm::project
