#include "pipeline/collect.h"

#include "pipeline/cache_leftovers.h"
#include "project/archive_cache.h"

#include <algorithm>
#include <ctime>

namespace envpm::pipeline {

namespace {

/// In whole seconds: a long time in finer ones runs over.
std::time_t oldest_download(const CollectLimits& limits, const project::Services& services) {
    const std::chrono::seconds grace =
        limits.grace.value_or(project::ArchiveCache::abandoned_after);
    const std::time_t now = std::chrono::system_clock::to_time_t(services.now());
    return now - std::min(now, std::time_t{grace.count()});
}

} // namespace

store::CollectReport collect(const CollectLimits& limits, DryRun dry_run,
                             project::Services& services) {
    store::CollectRequest request;
    request.dry_run = dry_run;
    request.most_freed_bytes = limits.most_freed_bytes;
    if (limits.grace) {
        request.grace = *limits.grace;
    }
    store::CollectReport report =
        store::collect(StorePaths(services.settings().store_root), request, services.progress());
    const project::ArchiveCache::Abandoned abandoned = project::ArchiveCache::remove_abandoned(
        services.settings().cache_root, oldest_download(limits, services), dry_run);
    report.removed.insert(report.removed.end(), abandoned.files.begin(), abandoned.files.end());
    report.freed_bytes += abandoned.bytes;
    const CacheLeftovers leftovers = find_cache_leftovers(
        services.settings().cache_root, StorePaths(services.settings().store_root), services.now());
    if (dry_run == DryRun::no) {
        remove_cache_leftovers(leftovers);
    }
    report.removed.insert(report.removed.end(), leftovers.files.begin(), leftovers.files.end());
    report.freed_bytes += leftovers.bytes;
    std::sort(report.removed.begin(), report.removed.end());
    return report;
}

} // namespace envpm::pipeline
