#include "pipeline/collect.h"

#include "pipeline/archive_cache.h"
#include "pipeline/cache_leftovers.h"

namespace envpm::pipeline {

store::CollectReport collect(const CollectLimits& limits, DryRun dry_run, Services& services) {
    store::CollectRequest request;
    request.dry_run = dry_run;
    request.most_freed_bytes = limits.most_freed_bytes;
    if (limits.grace) {
        request.grace = *limits.grace;
    }
    store::CollectReport report =
        store::collect(StorePaths(services.settings().store_root), request, services.progress());
    const ArchiveCache::Abandoned abandoned = ArchiveCache::remove_abandoned(
        services.settings().cache_root,
        services.now() - limits.grace.value_or(ArchiveCache::abandoned_after), dry_run);
    report.removed.insert(report.removed.end(), abandoned.files.begin(), abandoned.files.end());
    report.freed_bytes += abandoned.bytes;
    const CacheLeftovers leftovers = find_cache_leftovers(
        services.settings().cache_root, StorePaths(services.settings().store_root), services.now());
    if (dry_run == DryRun::no) {
        remove_cache_leftovers(leftovers);
    }
    report.removed.insert(report.removed.end(), leftovers.files.begin(), leftovers.files.end());
    report.freed_bytes += leftovers.bytes;
    return report;
}

} // namespace envpm::pipeline
