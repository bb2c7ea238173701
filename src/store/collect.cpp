#include "store/collect.h"

#include "base/error.h"
#include "base/files.h"
#include "base/lock_holder.h"
#include "base/progress_task.h"
#include "base/remove_tree.h"
#include "store/collect_plan.h"
#include "store/format.h"
#include "store/leases.h"
#include "store/sharing.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

// The order is the reverse of publishing, with a barrier between the steps, so that whatever is
// left after a crash names nothing that is gone: roots, prefixes, trees, objects. What is removed
// in part only (a prefix) is renamed into `tmp/` first, where nobody takes it for whole, or, where
// that cannot be, loses its file list first. Nothing depends on anything being made.

namespace envpm::store {

namespace {

/// What could not be removed, and why.
using Stayed = std::map<std::filesystem::path, std::string>;

std::chrono::system_clock::time_point time_of_files(const StorePaths& paths);
Stayed remove_all(const StorePaths& paths, const CollectPlan& plan);

/// Removes parts of the store, each by the folder that it lies in, to which no link is followed:
/// who may write to the store could put one there while we work. What is not there is removed.
class Removal {
  public:
    explicit Removal(const std::filesystem::path& root)
        : root_(root),
          root_handle_(open_file(root, O_RDONLY | O_DIRECTORY)) {}

    void remove(const std::vector<std::filesystem::path>& files);
    void remove(const std::filesystem::path& file);
    void remove_if_allowed(const std::filesystem::path& file);

    /// One that nothing depends on: nothing, or why something of it stays.
    std::optional<std::string> remove_folder(const std::filesystem::path& folder);

    /// Where it is then. It stays in its place where there is no trash, and on overlayfs, where a
    /// folder that an earlier layer brought cannot be renamed.
    std::filesystem::path put_away(const std::filesystem::path& prefix,
                                   const std::optional<TemporaryFolder>& trash);

    [[nodiscard]] int root_handle() const { return root_handle_.get(); }

  private:
    const Fd& folder_of(const std::filesystem::path& path);

    std::filesystem::path root_;
    Fd root_handle_;
    std::filesystem::path folder_; ///< of the last one
    Fd folder_handle_;             ///< none if it is not there
};

std::optional<TemporaryFolder> trash_in(const std::filesystem::path& temporary);
Fd open_below(int root, const std::filesystem::path& folder);
CollectReport report_of(const CollectPlan& plan);

} // namespace

CollectReport collect(const StorePaths& paths, const CollectRequest& asked, Progress& progress) {
    require_format(paths);
    require_locks(paths.lock());
    const FileLock lock(paths.lock(), LockKind::exclusive, [&] {
        progress.note(fmt::format("another process is using this store: waiting for it{}",
                                  words_of_lock_holder(paths.lock())));
    });
    CollectRequest request = asked;
    request.now = asked.now                      ? *asked.now
                  : asked.dry_run == DryRun::yes ? std::chrono::system_clock::now()
                                                 : time_of_files(paths);
    CollectPlan plan = plan_collection(paths, request);
    while (request.dry_run == DryRun::no && is_outdated(plan, paths, request)) {
        plan = plan_collection(paths, request);
    }
    CollectReport report = report_of(plan);
    report.dry_run = request.dry_run;
    for (const std::filesystem::path& root : plan.roots.stale) {
        progress.note(
            fmt::format("`{}` no longer keeps anything: its project was deleted, or moved "
                        "(where it is now `envpm install` or `envpm run` keeps its environment)",
                        std::filesystem::read_symlink(root).string()));
    }
    for (const std::filesystem::path& stranger : plan.strangers) {
        progress.note(fmt::format("`{}` is not from envpm: it stays", stranger.string()));
    }
    for (const std::filesystem::path& tree : plan.lost_trees) {
        progress.note(fmt::format("`{}` is damaged and an environment needs it: all objects "
                                  "stay; run `envpm repair`",
                                  tree.string()));
    }
    if (request.dry_run == DryRun::no) {
        const ProgressTask task(progress, "collecting", 0, ProgressUnit::items);
        for (const auto& [path, reason] : remove_all(paths, plan)) {
            progress.note(fmt::format("`{}` cannot be removed: {}", path.string(), reason));
            std::erase(report.removed, path);
        }
    }
    progress.trace(fmt::format("collect: {} prefixes, {} trees, {} objects, {} leftovers, {} bytes",
                               plan.prefixes.size(), plan.trees.size(), plan.objects.size(),
                               plan.leftovers.size(), plan.freed_bytes));
    return report;
}

namespace {

/// Of a network file system's files the server's clock gives it, which may be far from ours: ages
/// are told by that one alone. Ours stands in where nothing can be made, as on a full disk.
std::chrono::system_clock::time_point time_of_files(const StorePaths& paths) {
    struct stat status {};

    try {
        const TemporaryFolder made(paths.temporary());
        if (::lstat(made.path().c_str(), &status) == 0) {
            return std::chrono::system_clock::from_time_t(status.st_mtim.tv_sec);
        }
    } catch (const Error&) {
        status = {};
    }
    return std::chrono::system_clock::now();
}

Stayed remove_all(const StorePaths& paths, const CollectPlan& plan) {
    Stayed stayed;
    Removal removal(paths.root());
    const auto barrier = [&] { sync_file_system(removal.root_handle(), paths.root()); };
    removal.remove(plan.roots.stale);
    for (const std::filesystem::path& lease : plan.leases) {
        removal.remove_if_allowed(lease); // another user's says nothing of what is there
    }
    remove_unfinished_leases(paths);
    const std::optional<TemporaryFolder> trash =
        plan.prefixes.empty() ? std::nullopt : trash_in(paths.temporary());
    std::vector<std::filesystem::path> put_aside;
    for (const std::filesystem::path& prefix : plan.prefixes) {
        put_aside.push_back(removal.put_away(prefix, trash));
    }
    barrier(); // for the leftovers too: a collector that was killed may have put prefixes there
    const auto remove_folder = [&](const std::filesystem::path& folder) {
        if (std::optional<std::string> reason = removal.remove_folder(folder)) {
            stayed.emplace(folder, std::move(*reason));
        }
    };
    std::for_each(plan.leftovers.begin(), plan.leftovers.end(), remove_folder);
    removal.remove(plan.trees);
    barrier();
    removal.remove(plan.objects);
    std::for_each(put_aside.begin(), put_aside.end(), remove_folder);
    return stayed;
}

/// Nothing if there is no room for a folder: whoever collects may do so for that.
std::optional<TemporaryFolder> trash_in(const std::filesystem::path& temporary) {
    try {
        return std::optional<TemporaryFolder>(std::in_place, temporary);
    } catch (const Error&) {
        return std::nullopt;
    }
}

void Removal::remove(const std::vector<std::filesystem::path>& files) {
    for (const std::filesystem::path& file : files) {
        remove(file);
    }
}

void Removal::remove(const std::filesystem::path& file) {
    const Fd& folder = folder_of(file);
    if (folder && ::unlinkat(folder.get(), file.filename().c_str(), 0) != 0 && errno != ENOENT) {
        throw_system_error("cannot remove a file of the store", file.string(), errno);
    }
}

void Removal::remove_if_allowed(const std::filesystem::path& file) {
    if (const Fd& folder = folder_of(file)) {
        ::unlinkat(folder.get(), file.filename().c_str(), 0);
    }
}

std::optional<std::string> Removal::remove_folder(const std::filesystem::path& folder) {
    const Fd& above = folder_of(folder);
    if (above && !remove_tree_at(above.get(), folder.filename().c_str())) {
        return std::generic_category().message(errno);
    }
    return std::nullopt;
}

std::filesystem::path Removal::put_away(const std::filesystem::path& prefix,
                                        const std::optional<TemporaryFolder>& trash) {
    if (trash) {
        const std::filesystem::path name = prefix.filename();
        const Fd to = open_file(trash->path(), O_PATH | O_DIRECTORY | O_NOFOLLOW);
        if (::renameat(folder_of(prefix).get(), name.c_str(), to.get(), name.c_str()) == 0) {
            return trash->path() / name;
        }
        if (errno != EXDEV && errno != ENOSPC && errno != EDQUOT) {
            throw_system_error("cannot remove a prefix", prefix.string(), errno);
        }
    }
    remove(manifest_path(prefix));
    return prefix;
}

const Fd& Removal::folder_of(const std::filesystem::path& path) {
    if (const std::filesystem::path folder = path.parent_path(); folder != folder_) {
        folder_handle_ = open_below(root_handle_.get(), folder.lexically_relative(root_));
        folder_ = folder;
    }
    return folder_handle_;
}

/// Nothing if it is not there.
Fd open_below(int root, const std::filesystem::path& folder) {
    Fd handle;
    for (const std::filesystem::path& name : folder) {
        const int above = handle ? handle.get() : root;
        handle = Fd(::openat(above, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!handle && errno != ENOENT) {
            throw_system_error("cannot open a folder of the store", folder.string(), errno);
        }
        if (!handle) {
            break;
        }
    }
    return handle;
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
