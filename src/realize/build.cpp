#include "base/error.h"
#include "base/files.h"
#include "realize/mend.h"
#include "realize/prefix.h"
#include "realize/prefix_manifest.h"
#include "realize/stage.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

// A prefix is made in a folder aside and becomes visible by one rename after everything in it is on
// disk. So what stands under a final name is whole; a crash leaves garbage aside, in the store's
// `tmp`, which the collector removes, or beside a prefix outside the store, where the next run
// removes it. Two processes (of two users: others take turns) may make one prefix at the same time:
// the second to finish uses the first one's.

namespace envpm::realize {

namespace {

/// Removed with its content at the end of its life.
class Aside {
  public:
    explicit Aside(std::filesystem::path path);
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;
    Aside(Aside&&) = delete;
    Aside& operator=(Aside&&) = delete;

    ~Aside() { remove_tree(path_); }

  private:
    std::filesystem::path path_;
};

bool is_whole(const std::filesystem::path& prefix, const PrefixRequest& request);
PrefixReport report_of(const PrefixRequest& request, const std::filesystem::path& prefix);
void create_folders(const std::filesystem::path& folder);
bool rename_to_free_place(const std::filesystem::path& from, const std::filesystem::path& to);
bool exchange(const std::filesystem::path& made, const std::filesystem::path& place);
void move_to_freed_place(const std::filesystem::path& made, const std::filesystem::path& place);
void remove_all_but_manifest(const std::filesystem::path& prefix);
std::filesystem::path absolute_destination(const std::filesystem::path& destination);
void check_replaceable(const std::filesystem::path& destination);
bool is_mount_point(const std::filesystem::path& folder);

} // namespace

PrefixReport build(const StorePaths& store, const PrefixRequest& request, ThreadPool& pool,
                   Progress& progress) {
    PrefixReport report = report_of(request, store.prefix(request.env));
    if (is_whole(report.prefix, request)) {
        report.was_there = true;
        sync_folder(report.prefix.parent_path()); // who put it there may not have come to that
        return report;
    }
    const TemporaryFolder aside(store.temporary());
    const std::filesystem::path made = aside.path() / "prefix";
    report.link_mode = fill({store, made, report.prefix}, request, pool, progress);
    create_folders(report.prefix.parent_path());
    if (!rename_to_free_place(made, report.prefix)) {
        report.was_there = is_whole(report.prefix, request);
        if (!report.was_there && !exchange(made, report.prefix)) {
            ::unlink(manifest_path(report.prefix).c_str()); // nobody takes what is left for whole
            move_to_freed_place(made, report.prefix);
        }
    }
    sync_folder(report.prefix.parent_path());
    return report;
}

PrefixReport rebuild(const StorePaths& store, const PrefixRequest& request,
                     const Disposal& disposal, ThreadPool& pool, Progress& progress) {
    PrefixReport report = report_of(request, store.prefix(request.env));
    const TemporaryFolder aside(store.temporary());
    const std::filesystem::path made = aside.path() / "prefix";
    report.link_mode = fill({store, made, report.prefix}, request, pool, progress);
    if (!rename_to_free_place(made, report.prefix)) {
        if (!exchange(made, report.prefix)) {
            disposal.move(report.prefix);
            move_to_freed_place(made, report.prefix);
        }
        sync_folder(report.prefix.parent_path());
        for (const char* old : {"prefix", "old"}) {
            if (std::filesystem::exists(std::filesystem::symlink_status(aside.path() / old))) {
                disposal.move(aside.path() / old);
            }
        }
    }
    sync_folder(report.prefix.parent_path());
    return report;
}

bool is_usable(const std::filesystem::path& prefix) {
    std::error_code failure;
    std::vector<std::string_view> absent;
    for (const std::string_view name : {"bin/python", "bin/python3"}) {
        const std::filesystem::path python = prefix / name;
        if (std::filesystem::exists(python, failure)) {
            continue;
        }
        if (std::filesystem::is_symlink(python, failure)) {
            return false;
        }
        absent.push_back(name);
    }
    return std::filesystem::exists(manifest_path(prefix), failure) &&
           (absent.empty() || !has_any_of(prefix, absent).value_or(true));
}

PrefixReport lay_out(const StorePaths& store, const PrefixRequest& request,
                     const std::filesystem::path& destination, ThreadPool& pool,
                     Progress& progress) {
    PrefixReport report = report_of(request, absolute_destination(destination));
    const std::filesystem::path parent = report.prefix.parent_path();
    // One at a time, so that what lies aside is a crashed run's and not another one's.
    const FileLock lock(store.root() / "locks" /
                            ("lay-out-" + sha256_of(report.prefix.string()).hex()),
                        LockKind::exclusive);
    check_replaceable(report.prefix);
    create_folders(parent);
    const std::filesystem::path beside =
        parent / fmt::format(".{}.envpm", report.prefix.filename().string());
    const Aside aside(beside);
    const std::filesystem::path made = beside / "prefix";
    report.link_mode = fill({store, made, report.prefix}, request, pool, progress);
    if (!rename_to_free_place(made, report.prefix) && !exchange(made, report.prefix)) {
        remove_all_but_manifest(report.prefix);
        move_to_freed_place(made, report.prefix);
    }
    sync_folder(parent);
    return report;
}

namespace {

Aside::Aside(std::filesystem::path path)
    : path_(std::move(path)) {
    if (!remove_tree(path_)) {
        throw_system_error("the leftovers of an earlier run cannot be removed", path_.string(),
                           errno);
    }
    create_folders(path_);
}

/// What has a manifest came here by the rename, and `bin/python` leads to the interpreter that it
/// was made for, if that is this host's.
bool is_whole(const std::filesystem::path& prefix, const PrefixRequest& request) {
    return ::access(manifest_path(prefix).c_str(), R_OK) == 0 && is_usable(prefix) &&
           (!request.interpreter || ::access((prefix / "bin" / "python").c_str(), X_OK) == 0);
}

PrefixReport report_of(const PrefixRequest& request, const std::filesystem::path& prefix) {
    PrefixReport report{prefix, false, request.layout.entries.size(), 0, request.link_mode};
    for (const LayoutEntry& entry : request.layout.entries) {
        if (const auto* object = std::get_if<ObjectFile>(&entry.content)) {
            report.size_bytes += object->size_bytes;
        } else if (const auto* relocated = std::get_if<RelocatedFile>(&entry.content)) {
            report.size_bytes += relocated->object.size_bytes;
        } else if (const auto* text = std::get_if<GeneratedFile>(&entry.content)) {
            report.size_bytes += text->content.size();
        }
    }
    return report;
}

void create_folders(const std::filesystem::path& folder) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure) {
        throw_system_error("cannot create a folder", folder.string(), failure.value());
    }
}

/// An empty folder is a free place.
bool rename_to_free_place(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (::rename(from.c_str(), to.c_str()) == 0) {
        return true;
    }
    if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR) {
        throw_system_error("cannot move an environment to its place", to.string(), errno);
    }
    return false;
}

/// What was there comes to be where the new prefix was made, and goes away with that folder. False
/// if it cannot be renamed, as on overlayfs a folder that an earlier layer of a container brought:
/// then both are as they were.
bool exchange(const std::filesystem::path& made, const std::filesystem::path& place) {
    if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, place.c_str(), RENAME_EXCHANGE) == 0) {
        return true;
    }
    if (errno == EXDEV) {
        return false;
    }
    // Network file systems cannot exchange: for a moment nothing is there, and a crash in it leaves
    // nothing there, which the next run makes anew.
    const std::filesystem::path old = made.parent_path() / "old";
    const bool is_unsupported = errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;
    if (!is_unsupported || ::rename(place.c_str(), old.c_str()) != 0 ||
        ::rename(made.c_str(), place.c_str()) != 0) {
        throw_system_error("cannot replace an environment", place.string(), errno);
    }
    return true;
}

/// Removes what is left there.
void move_to_freed_place(const std::filesystem::path& made, const std::filesystem::path& place) {
    if (!remove_tree(place) || !rename_to_free_place(made, place)) {
        throw_system_error("cannot replace an environment", place.string(), errno);
    }
}

/// The manifest says to whom the folder belongs if this is interrupted: see `check_replaceable`.
void remove_all_but_manifest(const std::filesystem::path& prefix) {
    const std::filesystem::path kept = manifest_path(prefix).parent_path();
    for (const auto& entry : std::filesystem::directory_iterator(prefix)) {
        if (entry.path() != kept && !remove_tree(entry.path())) {
            throw_system_error("cannot replace an environment", entry.path().string(), errno);
        }
    }
}

std::filesystem::path absolute_destination(const std::filesystem::path& destination) {
    std::filesystem::path absolute;
    if (!destination.empty()) { // which has no absolute form
        absolute = std::filesystem::absolute(destination).lexically_normal();
    }
    if (!absolute.has_filename()) {
        absolute = absolute.parent_path();
    }
    if (!absolute.has_filename()) {
        throw Error({destination.empty() ? "the folder for an environment has no name"
                                         : "an environment cannot be laid out there",
                     absolute.string(), "choose a folder of its own"});
    }
    return absolute;
}

/// Nothing that is not ours may ever be removed.
void check_replaceable(const std::filesystem::path& destination) {
    std::error_code failure;
    const std::filesystem::file_status status =
        std::filesystem::symlink_status(destination, failure);
    if (status.type() == std::filesystem::file_type::not_found) {
        return;
    }
    if (!std::filesystem::is_directory(status)) {
        throw Error({"an environment cannot be laid out there: it is no folder",
                     destination.string(), "choose a folder that does not exist"});
    }
    if (is_mount_point(destination)) { // over which nothing can be renamed
        throw Error({"an environment cannot be laid out there: it is a mount point",
                     destination.string(), "choose a folder in it"});
    }
    if (!std::filesystem::is_empty(destination, failure) && !read_manifest(destination)) {
        throw Error({"a folder holds files that envpm did not put there", destination.string(),
                     "choose a folder that does not exist or is empty"});
    }
}

/// As far as the system tells, which Linux does since 5.8.
bool is_mount_point(const std::filesystem::path& folder) {
    struct statx status {};

    return ::statx(AT_FDCWD, folder.c_str(), AT_SYMLINK_NOFOLLOW, 0, &status) == 0 &&
           (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

} // namespace

} // namespace envpm::realize
