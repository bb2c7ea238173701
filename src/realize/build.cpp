#include "realize/build.h"

#include "base/error.h"
#include "base/files.h"
#include "realize/mend.h"
#include "realize/place_prefix.h"
#include "realize/prefix_manifest.h"
#include "realize/stage.h"

#include <unistd.h>

#include <cerrno>

// A prefix is made in a folder aside and becomes visible by one rename after everything in it is on
// disk. So what stands under a final name is whole; a crash leaves garbage aside, in the store's
// `tmp`, which the collector removes, or beside a prefix outside the store, where the next run
// removes it. Two processes (of two users: others take turns) may make one prefix at the same time:
// the second to finish uses the first one's.

namespace envpm::realize {

namespace {

bool is_whole(const std::filesystem::path& prefix, const PrefixRequest& request);
bool was_moved(const std::filesystem::path& prefix);
void remove_manifest(const std::filesystem::path& prefix);

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
            remove_manifest(report.prefix); // nobody takes what is left for whole
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
           (absent.empty() || !has_any_of(prefix, absent).value_or(true)) && !was_moved(prefix);
}

namespace {

/// What has a file list came here by the rename, and `bin/python` leads to the interpreter that it
/// was made for, if that is this host's.
bool is_whole(const std::filesystem::path& prefix, const PrefixRequest& request) {
    return ::access(manifest_path(prefix).c_str(), R_OK) == 0 && is_usable(prefix) &&
           (!request.interpreter || ::access((prefix / "bin" / "python").c_str(), X_OK) == 0);
}

/// Its scripts lead to where it was made. A store may be seen by several paths, so it is the same
/// place if the same folder is there.
bool was_moved(const std::filesystem::path& prefix) {
    const std::optional<std::filesystem::path> made_as = path_in_manifest(prefix);
    std::error_code failure;
    return made_as && *made_as != prefix && !std::filesystem::equivalent(*made_as, prefix, failure);
}

/// Durably; one that is not there is removed.
void remove_manifest(const std::filesystem::path& prefix) {
    const std::filesystem::path file = manifest_path(prefix);
    if (::unlink(file.c_str()) == 0) {
        sync_folder(file.parent_path());
    } else if (errno != ENOENT && errno != ENOTDIR) {
        throw_system_error("cannot replace an environment", file.string(), errno);
    }
}

} // namespace

} // namespace envpm::realize
