#include "base/remove_tree.h"

#include "base/handle.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>
#include <utility>

namespace envpm {

namespace {

using DirectoryHandle = std::unique_ptr<DIR, Deleter<closedir>>;

/// Each level that is being emptied holds a descriptor, and an archive may hold more levels than
/// there are descriptors. A folder at this depth is therefore first moved up to the top.
constexpr unsigned deepest_descent = 64;

struct Removal {
    int top = -1;
    unsigned raised = 0; ///< how many folders were moved to the top
    int fault = 0;       ///< of the first thing that could not be removed
};

Fd open_folder(int parent, const char* name) noexcept;
void give_rights(int parent, const char* name) noexcept;
bool is_mounted(int descriptor, const char* path) noexcept;
bool remove_entry(Removal& removal, int parent, const char* name, unsigned depth) noexcept;
bool remove_entries(Removal& removal, Fd folder, unsigned depth) noexcept;
bool raise_folder(Removal& removal, int parent, const char* name) noexcept;
} // namespace

bool is_mount_point(const std::filesystem::path& folder) noexcept {
    return is_mounted(AT_FDCWD, folder.c_str());
}

bool remove_tree(const std::filesystem::path& root) noexcept {
    return remove_tree_at(AT_FDCWD, root.c_str());
}

bool remove_tree_at(int folder, const char* name) noexcept {
    if (::unlinkat(folder, name, 0) == 0 || errno == ENOENT) {
        return true;
    }
    const Fd top = open_folder(folder, name);
    if (!top) {
        return false;
    }
    Removal removal{top.get()};
    while (true) {
        const unsigned raised_before = removal.raised;
        Fd itself = open_folder(top.get(), ".");
        if (!itself || !remove_entries(removal, std::move(itself), 0)) {
            errno = removal.fault != 0 ? removal.fault : errno;
            return false;
        }
        if (removal.raised == raised_before) {
            return ::unlinkat(folder, name, AT_REMOVEDIR) == 0;
        }
    }
}

namespace {

Fd open_folder(int parent, const char* name) noexcept {
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    Fd folder(::openat(parent, name, flags));
    if (!folder && errno == EACCES) {
        give_rights(parent, name);
        folder = Fd(::openat(parent, name, flags));
    }
    if (folder && is_mounted(folder.get(), "")) {
        errno = EBUSY;
        return Fd();
    }
    if (folder) {
        ::fchmod(folder.get(), 0700);
    }
    return folder;
}

/// To a folder of one's own that somebody closed. By a descriptor that needs no rights, since a
/// link of that name must not lead elsewhere.
void give_rights(int parent, const char* name) noexcept {
    const Fd closed(::openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    std::array<char, 32> itself{};
    std::snprintf(itself.data(), itself.size(), "/proc/self/fd/%d", closed.get());
    if (closed) {
        ::chmod(itself.data(), 0700);
    }
}

/// An empty `path` is the descriptor's own file.
bool is_mounted(int descriptor, const char* path) noexcept {
    struct statx status {};

    const int flags = AT_SYMLINK_NOFOLLOW | (*path == '\0' ? AT_EMPTY_PATH : 0);
    return ::statx(descriptor, path, flags, 0, &status) == 0 &&
           (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

bool remove_entry(Removal& removal, int parent, const char* name, unsigned depth) noexcept {
    if (::unlinkat(parent, name, 0) == 0 || errno == ENOENT) {
        return true;
    }
    const int fault = errno;
    if (fault != EISDIR && fault != EPERM && fault != EACCES) {
        return false;
    }
    if (depth == deepest_descent) {
        return raise_folder(removal, parent, name);
    }
    Fd folder = open_folder(parent, name);
    if (!folder) {
        errno = errno == ENOTDIR ? fault : errno; // it is no folder, so that was the reason
        return false;
    }
    return remove_entries(removal, std::move(folder), depth + 1) &&
           ::unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

bool remove_entries(Removal& removal, Fd folder, unsigned depth) noexcept {
    const DirectoryHandle entries(::fdopendir(folder.get()));
    if (!entries) {
        return false;
    }
    const int descriptor = folder.release(); // it is the stream's now
    bool all = true;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): each thread has a stream of its own.
    while (const dirent* entry = ::readdir(entries.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") {
            all = remove_entry(removal, descriptor, entry->d_name, depth) && all;
            removal.fault = all || removal.fault != 0 ? removal.fault : errno;
        }
    }
    return all;
}

bool raise_folder(Removal& removal, int parent, const char* name) noexcept {
    constexpr unsigned most_tries = 1000;
    for (unsigned tries = 0; tries < most_tries; ++tries) {
        std::array<char, 32> raised{};
        std::snprintf(raised.data(), raised.size(), ".raised-%u", removal.raised++);
        if (::renameat(parent, name, removal.top, raised.data()) == 0) {
            return true;
        }
        if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR) {
            return false;
        }
    }
    return false;
}

} // namespace

} // namespace envpm
