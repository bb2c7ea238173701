#include "store/quarantine.h"

#include "base/disk_fault.h"
#include "base/error.h"
#include "base/files.h"
#include "base/remove_tree.h"
#include "store/sharing.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <system_error>

namespace envpm::store {

namespace {

std::string cut_to_fit(std::string name);
void keep_copy(const std::filesystem::path& from, const std::filesystem::path& to);
int rename_folder(const std::filesystem::path& from, const std::filesystem::path& to);
bool holds_mount(const std::filesystem::path& folder);
std::uint64_t mount_of(const std::filesystem::path& path);
void move_by_copy(const std::filesystem::path& from, const std::filesystem::path& to);

} // namespace

void Quarantine::keep(const std::filesystem::path& path) {
    struct stat status {};

    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR || means_lost(errno)) {
            return;
        }
        throw_system_error("cannot look at what is damaged", path.string(), errno);
    }
    if (S_ISDIR(status.st_mode)) {
        move(path);
        return;
    }
    const std::filesystem::path to = place_for(path);
    if (::linkat(AT_FDCWD, path.c_str(), AT_FDCWD, to.c_str(), 0) == 0) {
        sync_folder(to.parent_path()); // its other name is about to be another file's
        return;
    }
    // A file system without hard links, another's file, too many links.
    const int fault = errno;
    const bool is_refused =
        fault == EPERM || fault == EMLINK || fault == EXDEV || fault == EOPNOTSUPP;
    if (!is_refused || !(S_ISREG(status.st_mode) || S_ISLNK(status.st_mode))) {
        throw_system_error("cannot put a damaged file aside", path.string(), fault);
    }
    keep_copy(path, to);
}

void Quarantine::move(const std::filesystem::path& path) {
    const std::filesystem::path to = place_for(path);
    int fault = ::rename(path.c_str(), to.c_str()) == 0 ? 0 : errno;
    if (fault == EACCES) {
        fault = rename_folder(path, to);
    }
    if (fault == EXDEV) {
        move_by_copy(path, to);
    } else if (fault != 0) {
        throw_system_error("cannot put a damaged file aside", path.string(), fault);
    }
    sync_folder(to.parent_path());
    sync_folder(path.parent_path());
}

std::filesystem::path Quarantine::place_for(const std::filesystem::path& path) {
    if (!folder_) {
        make_shared_folder(parent_);
        TemporaryFolder folder(parent_);
        sync_folder(parent_);
        sync_folder(parent_.parent_path());
        folder_ = folder.path();
        folder.keep();
    }
    return *folder_ / cut_to_fit(fmt::format("{}-{}", next_++, path.filename().string()));
}

std::optional<std::filesystem::path> Quarantine::folder() const {
    std::error_code failure;
    return folder_ && !std::filesystem::is_empty(*folder_, failure) ? folder_ : std::nullopt;
}

namespace {

/// To what a file's name may have; not within a character of UTF-8, since some file systems take
/// nothing else.
std::string cut_to_fit(std::string name) {
    std::size_t size = std::min<std::size_t>(name.size(), NAME_MAX);
    while (size > 0 && size < name.size() &&
           (static_cast<unsigned char>(name[size]) & 0xC0U) == 0x80U) {
        --size;
    }
    name.resize(size);
    return name;
}

/// Durable, since the damaged one is about to be replaced. Of what the disk does not give nothing
/// can be kept.
void keep_copy(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::error_code failure;
    if (std::filesystem::is_symlink(from, failure)) {
        std::filesystem::copy_symlink(from, to, failure);
    } else if (!has_lost_bytes(from)) {
        std::filesystem::copy_file(from, to, failure);
        if (!failure && ::fsync(open_file(to, O_RDONLY).get()) != 0) {
            failure.assign(errno, std::generic_category());
        }
    }
    if (failure) {
        throw_system_error("cannot put a damaged file aside", from.string(), failure.value());
    }
    sync_folder(to.parent_path());
}

/// To give a folder another parent one must be allowed to write to it; of one's own one can be.
/// Gives the error number, 0 for success.
int rename_folder(const std::filesystem::path& from, const std::filesystem::path& to) {
    struct stat status {};

    const bool is_own = ::lstat(from.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
                        status.st_uid == ::geteuid();
    const mode_t mode = status.st_mode & 07777U;
    if (!is_own || (mode & S_IWUSR) != 0 || ::chmod(from.c_str(), mode | S_IWUSR) != 0) {
        return EACCES;
    }
    const int fault = ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
    ::chmod(fault == 0 ? to.c_str() : from.c_str(), mode);
    return fault;
}

/// What is mounted there is somebody else's.
bool holds_mount(const std::filesystem::path& folder) {
    if (is_mount_point(folder)) {
        return true;
    }
    std::error_code failure; // of a file, which holds nothing
    const std::filesystem::recursive_directory_iterator entries(folder, failure);
    return std::any_of(begin(entries), end(entries), [](const auto& entry) {
        return !entry.is_symlink() && entry.is_directory() && is_mount_point(entry.path());
    });
}

/// A number for the mount that a path lies in, where the system tells.
std::uint64_t mount_of(const std::filesystem::path& path) {
    struct statx status {};

    const bool is_told =
        ::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &status) == 0 &&
        (status.stx_mask & STATX_MNT_ID) != 0;
    return is_told ? status.stx_mnt_id : 0;
}

/// On overlayfs a folder that an earlier layer brought cannot be renamed. A prefix loses its
/// file list first, so that nobody takes what is left of it for whole.
void move_by_copy(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (holds_mount(from) || mount_of(from) != mount_of(to.parent_path())) {
        throw_system_error("cannot put a damaged file aside", from.string(), EBUSY);
    }
    std::error_code failure;
    std::filesystem::copy(from, to,
                          std::filesystem::copy_options::recursive |
                              std::filesystem::copy_options::copy_symlinks,
                          failure);
    if (failure) {
        throw_system_error("cannot put a damaged file aside", from.string(), failure.value());
    }
    sync_file_system(open_file(to, O_RDONLY).get(), to);
    if (::unlink(manifest_path(from).c_str()) == 0) {
        sync_folder(manifest_path(from).parent_path());
    }
    if (!remove_tree(from)) {
        throw_system_error("cannot put a damaged folder aside", from.string(), errno);
    }
}

} // namespace

} // namespace envpm::store
