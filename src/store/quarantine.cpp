#include "store/quarantine.h"

#include "base/error.h"
#include "base/files.h"
#include "store/sharing.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace envpm::store {

namespace {

void move_by_copy(const std::filesystem::path& from, const std::filesystem::path& to);

} // namespace

void Quarantine::keep(const std::filesystem::path& path) {
    struct stat status {};

    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return;
        }
        throw_system_error("cannot look at what is damaged", path.string(), errno);
    }
    if (S_ISDIR(status.st_mode)) {
        move(path);
        return;
    }
    const std::filesystem::path to = place_for(path);
    if (::linkat(AT_FDCWD, path.c_str(), AT_FDCWD, to.c_str(), 0) != 0) {
        throw_system_error("cannot put a damaged file aside", path.string(), errno);
    }
}

void Quarantine::move(const std::filesystem::path& path) {
    const std::filesystem::path to = place_for(path);
    if (::rename(path.c_str(), to.c_str()) != 0) {
        if (errno != EXDEV) {
            throw_system_error("cannot put a damaged file aside", path.string(), errno);
        }
        move_by_copy(path, to);
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
    return *folder_ / fmt::format("{}-{}", next_++, path.filename().string());
}

namespace {

/// On overlayfs a folder that an earlier layer brought cannot be renamed. A prefix loses its
/// manifest first, so that nobody takes what is left of it for whole.
void move_by_copy(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::filesystem::copy(from, to,
                          std::filesystem::copy_options::recursive |
                              std::filesystem::copy_options::copy_symlinks);
    if (::unlink(manifest_path(from).c_str()) == 0) {
        sync_folder(manifest_path(from).parent_path());
    }
    if (!remove_tree(from)) {
        throw_system_error("cannot put a damaged folder aside", from.string(), errno);
    }
}

} // namespace

} // namespace envpm::store
