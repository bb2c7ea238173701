#include "base/error.h"
#include "base/files.h"
#include "base/remove_tree.h"
#include "realize/build.h"
#include "realize/check.h"
#include "realize/place_prefix.h"
#include "realize/prefix_manifest.h"
#include "realize/stage.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

// As `build`, but beside a place that is not the store's: what a crash leaves is `.NAME.envpm`
// there, which the next run removes.

namespace envpm::realize {

namespace {

/// The folder aside, locked: one process at a time lays out an environment at a place, whatever
/// store it is of and by whatever path it knows the place. Removed with its content at the end.
class Aside {
  public:
    Aside(std::filesystem::path path, Progress& progress);
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;
    Aside(Aside&&) = delete;
    Aside& operator=(Aside&&) = delete;

    ~Aside();

  private:
    bool take(Progress& progress);

    std::filesystem::path path_;
    Fd lock_;
};

std::filesystem::path absolute_destination(const std::filesystem::path& destination);
void check_replaceable(const std::filesystem::path& destination, const StorePaths& store);
void check_strangers(const std::filesystem::path& prefix);
bool is_rest_of_a_copy(const std::filesystem::path& folder);
void remove_all_but_manifest(const std::filesystem::path& prefix);

} // namespace

PrefixReport lay_out(const StorePaths& store, const PrefixRequest& request,
                     const std::filesystem::path& destination, ThreadPool& pool,
                     Progress& progress) {
    PrefixReport report = report_of(request, absolute_destination(destination));
    const std::filesystem::path parent = report.prefix.parent_path();
    check_replaceable(report.prefix, store);
    create_folders(parent);
    const std::filesystem::path beside =
        parent / fmt::format(".{}.envpm", report.prefix.filename().string());
    const Aside aside(beside, progress);
    check_replaceable(report.prefix, store); // who was waited for may have put something there
    check_strangers(report.prefix);
    const std::filesystem::path made = beside / "prefix";
    report.link_mode = fill({store, made, report.prefix}, request, pool, progress);
    check_strangers(report.prefix); // that took a while
    if (!rename_to_free_place(made, report.prefix) && !exchange(made, report.prefix)) {
        remove_all_but_manifest(report.prefix);
        move_to_freed_place(made, report.prefix);
    }
    sync_folder(parent);
    return report;
}

namespace {

Aside::Aside(std::filesystem::path path, Progress& progress)
    : path_(std::move(path)) {
    while (!take(progress)) {
    }
    for (const char* const leftover : {"prefix", "old"}) {
        if (!remove_tree(path_ / leftover)) {
            throw_system_error("the leftovers of an earlier run cannot be removed", path_.string(),
                               errno);
        }
    }
}

/// Over NFS the lock's file stays, under another name, until it is closed.
Aside::~Aside() {
    remove_tree(path_);
    lock_.reset();
    ::rmdir(path_.c_str());
}

/// False if who had it has removed it meanwhile.
bool Aside::take(Progress& progress) {
    create_folders(path_);
    const std::filesystem::path file = path_ / "lock"; // network file systems lock no folders
    lock_ = Fd(::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!lock_ && errno == ENOENT) {
        return false;
    }
    if (lock_ && ::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        progress.note("another process is laying out an environment there: waiting for it");
    }
    while (!lock_ || ::flock(lock_.get(), LOCK_EX) != 0) {
        if (lock_ && (errno == ENOLCK || errno == ENOSYS)) {
            return true; // there are none: then nobody can be waited for
        }
        if (errno != EINTR) {
            throw_system_error("cannot lock a file", file.string(), errno);
        }
    }

    struct stat locked {};

    struct stat there {};

    return ::fstat(lock_.get(), &locked) == 0 && ::stat(file.c_str(), &there) == 0 &&
           locked.st_ino == there.st_ino && locked.st_dev == there.st_dev;
}

/// The file list says to whom the folder belongs if this is interrupted: see `check_replaceable`.
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
void check_replaceable(const std::filesystem::path& destination, const StorePaths& store) {
    std::error_code failure;
    for (std::filesystem::path above = destination; above.has_relative_path();
         above = above.parent_path()) {
        if (std::filesystem::equivalent(above, store.root(), failure)) {
            throw Error({"an environment cannot be laid out within the store", destination.string(),
                         "choose a folder elsewhere"});
        }
    }
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
    if (!std::filesystem::is_empty(destination, failure) && !path_in_manifest(destination) &&
        !is_rest_of_a_copy(destination)) {
        throw Error({"a folder holds files that envpm did not put there", destination.string(),
                     "choose a folder that does not exist or is empty"});
    }
}

/// They would go with the environment that is replaced.
void check_strangers(const std::filesystem::path& prefix) {
    const std::vector<std::string> strangers =
        path_in_manifest(prefix) ? strangers_in(prefix) : std::vector<std::string>();
    if (strangers.empty()) {
        return;
    }
    const std::string others =
        strangers.size() == 1 ? std::string() : fmt::format(" and {} more", strangers.size() - 1);
    throw Error({fmt::format("the environment there holds what is not of it, and would be lost: "
                             "`{}`{}",
                             strangers.front(), others),
                 prefix.string(), "move that out of the folder, or choose another folder"});
}

/// What `move_to_freed_place` leaves if it is killed between the file list and the folder.
bool is_rest_of_a_copy(const std::filesystem::path& folder) {
    const std::filesystem::path own = manifest_path({}).parent_path();
    std::error_code failure;
    std::filesystem::recursive_directory_iterator entries(folder, failure);
    for (; !failure && entries != std::filesystem::recursive_directory_iterator();
         entries.increment(failure)) {
        const std::filesystem::path path = entries->path().lexically_relative(folder);
        if (path != own && path != own / "env") {
            return false;
        }
    }
    return !failure;
}

} // namespace

} // namespace envpm::realize
