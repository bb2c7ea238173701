#include "pipeline/care.h"

#include "base/error.h"
#include "lockfiles/lock_file.h"
#include "pipeline/archive_cache.h"
#include "pipeline/cache_leftovers.h"
#include "pipeline/installed.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::pipeline {

namespace {

[[noreturn]] void throw_damaged(const std::vector<realize::PrefixDamage>& damages,
                                const std::filesystem::path& prefix);

} // namespace

realize::Generation current_generation(const Project& project) {
    if (auto current = generations_of(project).current()) {
        return *current;
    }
    throw Error({"nothing is installed for this project yet", project.folder().string(),
                 "run `envpm install`"});
}

std::vector<realize::Generation> generations(const Project& project) {
    return generations_of(project).all();
}

realize::Generation roll_back(const Project& project, std::optional<int> number) {
    realize::Generation generation = generations_of(project).roll_back(number);
    remember_rollback(project, generation.prefix);
    return generation;
}

SealReport seal(const Project& project, Services& services) {
    std::optional<Lock> lock = read_lock(project);
    const realize::Generation current = current_generation(project);
    const auto target =
        lock ? std::find_if(lock->targets.begin(), lock->targets.end(),
                            [&](const auto& candidate) { return candidate.env == current.env; })
             : std::vector<LockedTarget>::iterator();
    if (!lock || target == lock->targets.end()) {
        throw Error({"what is installed is not what envpm.lock says", project.lock_file().string(),
                     "run `envpm install`, then seal"},
                    ExitCode::lock_out_of_date);
    }
    const auto damages = realize::check(current.prefix, realize::CheckDepth::full, services.pool(),
                                        services.progress());
    if (!damages.empty()) {
        throw_damaged(damages, current.prefix);
    }
    services.throw_if_stopped();
    const Sha256 contents =
        realize::contents_digest_of_prefix(current.prefix, services.pool(), services.progress());
    SealReport report{target->target.name, contents, target->contents == contents};
    if (!report.was_sealed) {
        target->contents = contents;
        lockfiles::write(project.lock_file(), *lock);
    }
    return report;
}

store::CollectReport collect(const CollectLimits& limits, DryRun dry_run, Services& services) {
    store::CollectRequest request;
    request.dry_run = dry_run;
    request.now = services.now();
    request.most_freed_bytes = limits.most_freed_bytes;
    if (limits.grace) {
        request.grace = *limits.grace;
    }
    store::CollectReport report =
        store::collect(StorePaths(services.settings().store_root), request, services.progress());
    const ArchiveCache::Abandoned abandoned =
        ArchiveCache::remove_abandoned(services.settings().cache_root, services.now(), dry_run);
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

namespace {

void throw_damaged(const std::vector<realize::PrefixDamage>& damages,
                   const std::filesystem::path& prefix) {
    std::string files;
    for (const realize::PrefixDamage& damage : damages) {
        files += fmt::format("{}{} ({})", files.empty() ? "" : ", ", damage.path, damage.what);
    }
    throw Error({fmt::format("the environment is damaged: {}", files), prefix.string(),
                 "`envpm repair` makes it anew, then seal"},
                ExitCode::integrity);
}

} // namespace

} // namespace envpm::pipeline
