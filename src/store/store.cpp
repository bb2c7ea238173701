#include "store/store.h"

#include "base/disk_fault.h"
#include "base/error.h"
#include "base/lock_holder.h"
#include "store/format.h"
#include "store/sharing.h"
#include "store/tree_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

namespace envpm::store {

namespace {

/// Those above others first.
constexpr std::array folders = {"objects", "objects/sha256", "trees", "trees/sha256", "p",
                                "roots",   "leases",         "tmp",   "locks"};

void create_root(const std::filesystem::path& root);
std::vector<std::filesystem::path> folders_to_change(const std::filesystem::path& made);
void sync_if_readable(const std::filesystem::path& folder);
void share_all(const StorePaths& paths);
bool create_folder(const std::filesystem::path& folder);
void sync_names(const StorePaths& paths);
void require_writable(const std::filesystem::path& root);

} // namespace

std::function<void()> tell_of_collection(const std::filesystem::path& lock, Progress& progress) {
    return [lock, &progress] {
        progress.note(fmt::format("`envpm gc` is collecting this store: waiting for it to end{}",
                                  words_of_lock_holder(lock)));
    };
}

Store Store::open(const std::filesystem::path& root, const StorePolicy& policy,
                  const std::filesystem::path& cache, const std::function<void()>& before_waiting) {
    std::error_code failure;
    StorePaths paths(std::filesystem::absolute(root, failure).lexically_normal());
    create_root(paths.root());
    require_trusted(paths.root(), policy.sharing);
    refuse_other_folder(paths, cache);
    require_writable(paths.root());
    require_locks(paths.lock());
    FileLock lock(paths.lock(), LockKind::shared, before_waiting);
    create_or_require_format(paths);
    bool is_new = false;
    for (const char* name : folders) {
        is_new = create_folder(paths.root() / name) || is_new;
    }
    if (is_new) {
        sync_names(paths);
    }

    struct stat status {};

    if (::stat(paths.root().c_str(), &status) == 0 && is_for_a_group(status)) {
        share_all(paths);
    }
    return {std::move(paths), policy, std::move(lock)};
}

std::optional<Tree> Store::tree(const Sha256& archive) const {
    const std::optional<std::string> text = read_file_unless_lost(paths_.tree(archive));
    return text ? parse_tree(*text, archive) : std::nullopt;
}

bool Store::has_tree(const Sha256& archive) const {
    std::error_code failed;
    return std::filesystem::is_regular_file(paths_.tree(archive), failed);
}

bool Store::has_object(const ObjectName& name, std::uint64_t size_bytes) const {
    struct stat status {};

    const std::string path = StorePaths::object_below(name.digest, name.is_executable);
    return ::fstatat(objects_.get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) == size_bytes;
}

bool Store::has_objects(std::span<const TreeFile> files) const {
    return std::all_of(files.begin(), files.end(), [this](const TreeFile& file) {
        return has_object({file.object, file.is_executable}, file.size_bytes);
    });
}

namespace {

/// A new one is never open to everybody, whatever the umask.
void create_root(const std::filesystem::path& root) {
    std::error_code failure;
    if (std::filesystem::exists(root, failure)) {
        return;
    }
    const std::vector<std::filesystem::path> changed = folders_to_change(root);
    std::filesystem::create_directories(root.parent_path(), failure);
    const int fault = failure ? failure.value() : ::mkdir(root.c_str(), 0775) == 0 ? 0 : errno;
    if (fault != 0 && fault != EEXIST) {
        throw_system_error("cannot create a folder of the store", root.string(), fault);
    }
    for (const std::filesystem::path& folder : changed) {
        sync_if_readable(folder);
    }
}

/// Those that get a new name when the folder and all that it lacks above are made: up to the first
/// one that is there.
std::vector<std::filesystem::path> folders_to_change(const std::filesystem::path& made) {
    std::vector<std::filesystem::path> found;
    std::error_code failure;
    std::filesystem::path folder = made;
    do {
        folder = folder.parent_path();
        found.push_back(folder);
    } while (!std::filesystem::exists(folder, failure) && folder.has_relative_path());
    return found;
}

/// One that may not be read is not ours, and was there before.
void sync_if_readable(const std::filesystem::path& folder) {
    if (::access(folder.c_str(), R_OK) == 0) {
        sync_folder(folder);
    }
}

void share_all(const StorePaths& paths) {
    share_with_group(paths.root() / "VERSION");
    for (const char* name : folders) {
        share_with_group(paths.root() / name);
    }

    struct stat status {};

    // The first repair makes it. If another user keeps it closed it cannot even be looked into.
    const std::filesystem::path quarantine = paths.quarantine();
    if (::lstat(quarantine.c_str(), &status) == 0 && status.st_uid == ::geteuid()) {
        share_with_group(quarantine);
    }
}

/// As create_root. False if it is there.
bool create_folder(const std::filesystem::path& folder) {
    const int fault = ::mkdir(folder.c_str(), 0775) == 0 ? 0 : errno;
    std::error_code failure;
    const bool is_there = fault == EEXIST && std::filesystem::is_directory(folder, failure);
    if (fault != 0 && !is_there) {
        throw_system_error("cannot create a folder of the store", folder.string(), fault);
    }
    return fault == 0;
}

/// Those of the folders: whoever makes an object or a tree durable syncs the one that it lies in.
void sync_names(const StorePaths& paths) {
    for (const char* name : {"objects", "trees", "."}) {
        sync_folder(paths.root() / name);
    }
    sync_if_readable(paths.root().parent_path());
}

void require_writable(const std::filesystem::path& root) {
    if (::access(root.c_str(), W_OK | X_OK) != 0) {
        throw_system_error("the store cannot be written", root.string(), errno);
    }
}

} // namespace

} // namespace envpm::store
