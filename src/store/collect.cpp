#include "base/error.h"
#include "base/files.h"
#include "store/care.h"
#include "store/collect_plan.h"
#include "store/format.h"
#include "store/leases.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>

// The order is the reverse of publishing, with a barrier between the steps, so that whatever is
// left after a crash names nothing that is gone: roots, prefixes, trees, objects. What is removed
// in part only (a prefix) is renamed into `tmp/` first, where nobody takes it for whole, or, where
// that cannot be, loses its manifest first.

namespace envpm::store {

namespace {

void remove_all(const StorePaths& paths, const CollectPlan& plan);
std::filesystem::path put_away(const std::filesystem::path& prefix,
                               const std::filesystem::path& trash);
void remove_files(const std::vector<std::filesystem::path>& files);
void remove_folder(const std::filesystem::path& folder);
CollectReport report_of(const CollectPlan& plan);

} // namespace

CollectReport collect(const StorePaths& paths, const CollectRequest& request, Progress& progress) {
    require_format(paths);
    std::optional<FileLock> lock = FileLock::try_take(paths.lock(), LockKind::exclusive);
    if (!lock) {
        progress.note("another process is using this store: waiting for it");
        lock.emplace(paths.lock(), LockKind::exclusive);
    }
    const CollectPlan plan = plan_collection(paths, request);
    CollectReport report = report_of(plan);
    for (const std::filesystem::path& root : plan.roots.stale) {
        progress.note(fmt::format("`{}` no longer keeps anything: its project is gone",
                                  std::filesystem::read_symlink(root).string()));
    }
    if (!request.only_tell) {
        progress.begin("collecting", 0, ProgressUnit::items);
        remove_all(paths, plan);
        progress.end();
    }
    progress.trace(fmt::format("collect: {} prefixes, {} trees, {} objects, {} leftovers, {} bytes",
                               plan.prefixes.size(), plan.trees.size(), plan.objects.size(),
                               plan.leftovers.size(), plan.freed_bytes));
    return report;
}

namespace {

void remove_all(const StorePaths& paths, const CollectPlan& plan) {
    const Fd root = open_file(paths.root(), O_RDONLY | O_DIRECTORY);
    const auto barrier = [&root, &paths] { sync_file_system(root.get(), paths.root()); };
    remove_files(plan.roots.stale);
    for (const std::filesystem::path& lease : plan.leases) {
        ::unlink(lease.c_str()); // another user's may stay: it says nothing of what is there
    }
    remove_unfinished_leases(paths);
    const TemporaryFolder trash(paths.temporary());
    std::vector<std::filesystem::path> put_aside;
    for (const std::filesystem::path& prefix : plan.prefixes) {
        put_aside.push_back(put_away(prefix, trash.path()));
    }
    barrier();
    remove_files(plan.trees);
    barrier();
    remove_files(plan.objects);
    for (const std::filesystem::path& leftover : plan.leftovers) {
        remove_folder(leftover);
    }
    for (const std::filesystem::path& prefix : put_aside) {
        remove_folder(prefix);
    }
}

/// Where it is then. On overlayfs a folder that an earlier layer brought cannot be renamed.
std::filesystem::path put_away(const std::filesystem::path& prefix,
                               const std::filesystem::path& trash) {
    std::filesystem::path to = trash / prefix.filename();
    if (std::rename(prefix.c_str(), to.c_str()) == 0) {
        return to;
    }
    if (errno != EXDEV) {
        throw_system_error("cannot remove a prefix", prefix.string(), errno);
    }
    remove_files({manifest_path(prefix)});
    return prefix;
}

void remove_files(const std::vector<std::filesystem::path>& files) {
    for (const std::filesystem::path& file : files) {
        if (::unlink(file.c_str()) != 0 && errno != ENOENT) {
            throw_system_error("cannot remove a file of the store", file.string(), errno);
        }
    }
}

void remove_folder(const std::filesystem::path& folder) {
    if (!remove_tree(folder)) {
        throw_system_error("cannot remove a folder of the store", folder.string(), errno);
    }
}

CollectReport report_of(const CollectPlan& plan) {
    CollectReport report;
    for (const std::vector<std::filesystem::path>* part :
         {&plan.prefixes, &plan.trees, &plan.objects, &plan.leftovers}) {
        report.removed.insert(report.removed.end(), part->begin(), part->end());
    }
    std::sort(report.removed.begin(), report.removed.end());
    report.freed_bytes = plan.freed_bytes;
    report.kept_roots = plan.roots.projects;
    report.running = plan.running;
    report.leased = plan.leased;
    return report;
}

} // namespace

} // namespace envpm::store
