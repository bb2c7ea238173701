#include "base/files.h"

#include "base/error.h"
#include "base/local_folder.h"
#include "base/remove_tree.h"
#include "base/unfinished_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace envpm {

namespace {

/// A file that gets its name when it is written.
struct Temporary {
    Fd file;
    std::string path;
};

[[noreturn]] void throw_unopened(const std::filesystem::path& path);
void check_kind(int descriptor, const struct stat& status, const std::filesystem::path& path);
bool is_anonymous_pipe(int descriptor);
[[noreturn]] void throw_no_file(std::string_view kind, const std::filesystem::path& path);
std::string read_open_file(int descriptor, const std::filesystem::path& path,
                           std::size_t limit_bytes);
[[noreturn]] void throw_too_large(const std::filesystem::path& path);
std::filesystem::path end_of_links(const std::filesystem::path& path);
void let_group_lock(int lock, const std::filesystem::path& folder);
Temporary create_beside(const std::filesystem::path& path, const std::filesystem::path& folder,
                        unsigned mode);
std::uint32_t random_number();
bool take_alone(int descriptor);
void remove_abandoned(const std::filesystem::path& path, const std::filesystem::path& folder);

} // namespace

Fd open_file(const std::filesystem::path& path, int flags, unsigned mode) {
    Fd file(::open(path.c_str(), flags | O_CLOEXEC, mode));
    if (!file) {
        throw_system_error("cannot open a file", path.string(), errno);
    }
    return file;
}

Fd open_to_read(const std::filesystem::path& path) {
    Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file && errno == EWOULDBLOCK) { // a file server's, which gives it back when asked to wait
        file = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    }
    return file;
}

std::string read_file(const std::filesystem::path& path, std::size_t limit_bytes) {
    const Fd file = open_to_read(path);
    if (!file) {
        throw_unopened(path);
    }
    return read_open_file(file.get(), path, limit_bytes);
}

std::optional<std::string> read_file_if_present(const std::filesystem::path& path) {
    const Fd file = open_to_read(path);
    if (!file) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return std::nullopt;
        }
        throw_unopened(path);
    }
    return read_open_file(file.get(), path, 1U << 30U);
}

void write_all(int descriptor, std::span<const std::byte> bytes, const std::string& subject) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) {
            throw_system_error("cannot write a file", subject, errno);
        }
        if (written > 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        }
    }
}

void write_all(int descriptor, std::string_view text, const std::string& subject) {
    write_all(descriptor, std::as_bytes(std::span(text.data(), text.size())), subject);
}

void write_file(const std::filesystem::path& path, std::string_view content, Durability durability,
                unsigned mode, const std::function<void(int)>& prepare) {
    const std::filesystem::path place = end_of_links(path);
    const std::filesystem::path folder =
        place.has_parent_path() ? place.parent_path() : std::filesystem::path(".");
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure) {
        throw_system_error("cannot create a folder", folder.string(), failure.value());
    }
    if (durability == Durability::durable) {
        remove_abandoned(place, folder);
    }
    Temporary temporary = create_beside(place, folder, mode);
    Fd& file = temporary.file;
    // Says until after the rename that someone is at work.
    const Fd lock(::fcntl(file.get(), F_DUPFD_CLOEXEC, 0));
    try {
        write_all(file.get(), content, path.string());
        if (prepare) {
            prepare(file.get());
        }
        if ((durability == Durability::durable && ::fsync(file.get()) != 0) ||
            ::close(file.release()) != 0 || ::rename(temporary.path.c_str(), place.c_str()) != 0) {
            throw_system_error("cannot write a file", path.string(), errno);
        }
    } catch (...) {
        ::unlink(temporary.path.c_str());
        throw;
    }
    if (durability == Durability::durable) {
        sync_folder(folder);
    }
}

void sync_folder(const std::filesystem::path& folder) {
    const Fd handle = open_file(folder, O_RDONLY | O_DIRECTORY);
    // Some file systems (of FUSE, CIFS) cannot do that to folders, and say so: there is no more.
    if (::fsync(handle.get()) != 0 && errno != EINVAL && errno != ENOTSUP && errno != ENOSYS) {
        throw_system_error("cannot sync a folder", folder.string(), errno);
    }
}

void sync_file_system(int descriptor, const std::filesystem::path& subject) {
    if (::syncfs(descriptor) != 0) {
        throw_system_error("cannot write to the disk", subject.string(), errno);
    }
}

TemporaryFolder::TemporaryFolder(const std::filesystem::path& parent) {
    std::error_code failure;
    std::filesystem::create_directories(parent, failure);
    std::string name = (parent / "XXXXXX").string();
    if (failure || ::mkdtemp(name.data()) == nullptr) {
        throw_system_error("cannot create a folder", parent.string(),
                           failure ? failure.value() : errno);
    }
    path_ = name;
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_(std::move(other.path_)) {
    other.path_.clear();
}

TemporaryFolder::~TemporaryFolder() {
    if (!path_.empty()) {
        remove_tree(path_);
    }
}

bool is_for_a_group(const struct stat& folder) {
    constexpr mode_t both = S_ISGID | S_IWGRP;
    return S_ISDIR(folder.st_mode) && (folder.st_mode & both) == both;
}

Fd open_lock(const std::filesystem::path& path) {
    std::error_code failure;
    std::filesystem::create_directories(path.parent_path(), failure);
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0664));
    const int why = failure ? failure.value() : errno;
    if (!file && (errno == EROFS || errno == EACCES)) {
        // Whoever may only read may lock what is there.
        file = Fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    }
    if (!file) {
        throw_system_error("cannot open a file", path.string(), why);
    }
    let_group_lock(file.get(), path.parent_path());
    return file;
}

FileLock::FileLock(const std::filesystem::path& path, LockKind kind,
                   const std::function<void()>& before_waiting)
    : file_(open_lock(path)) {
    const int how = kind == LockKind::shared ? LOCK_SH : LOCK_EX;
    if (before_waiting) {
        if (::flock(file_.get(), how | LOCK_NB) == 0) {
            return;
        }
        if (errno == EWOULDBLOCK) {
            before_waiting();
        }
    }
    while (::flock(file_.get(), how) != 0) {
        if (errno == ENOLCK) {
            throw Error({"files cannot be locked on this file system", path.string(),
                         "use a folder on one that has locks; a store there can be named as "
                         "`lower-store`, which is only read"});
        }
        if (errno != EINTR) {
            throw_system_error("cannot lock a file", path.string(), errno);
        }
    }
}

std::optional<FileLock> FileLock::try_take(const std::filesystem::path& path, LockKind kind) {
    Fd file = open_lock(path);
    if (::flock(file.get(), (kind == LockKind::shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0) {
        return FileLock(std::move(file));
    }
    if (errno == EWOULDBLOCK) {
        return std::nullopt;
    }
    throw_system_error("cannot lock a file", path.string(), errno);
}

namespace {

void throw_unopened(const std::filesystem::path& path) {
    if (errno == ENXIO) {
        throw_no_file("a socket or a device", path);
    }
    throw_system_error("cannot open a file", path.string(), errno);
}

/// A regular file, or what a shell puts in place of one: a pipe without a name, `/dev/null`.
void check_kind(int descriptor, const struct stat& status, const std::filesystem::path& path) {
    const bool is_device = S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode);
    if (S_ISREG(status.st_mode) || (is_device && status.st_rdev == makedev(1, 3))) {
        return;
    }
    if (S_ISFIFO(status.st_mode) && is_anonymous_pipe(descriptor)) {
        const int flags = ::fcntl(descriptor, F_GETFL);
        ::fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK);
        return;
    }
    throw_no_file(kind_name(status.st_mode), path);
}

/// Of a process substitution or of `/dev/stdin` behind a `|`; it ends when who writes to it ends.
bool is_anonymous_pipe(int descriptor) {
    struct statfs system {};

    return ::fstatfs(descriptor, &system) == 0 && system.f_type == PIPEFS_MAGIC;
}

void throw_no_file(std::string_view kind, const std::filesystem::path& path) {
    throw Error({fmt::format("{} stands where a file is to be read", kind), path.string(),
                 "name a file, or move what stands there out of the way"});
}

std::string read_open_file(int descriptor, const std::filesystem::path& path,
                           std::size_t limit_bytes) {
    struct stat status {};

    if (::fstat(descriptor, &status) != 0) {
        throw_system_error("cannot read a file", path.string(), errno);
    }
    check_kind(descriptor, status, path);
    const auto expected_bytes = static_cast<std::size_t>(std::max<off_t>(status.st_size, 0));
    if (expected_bytes > limit_bytes) {
        throw_too_large(path);
    }
    std::string content;
    std::size_t filled = 0;
    content.resize(expected_bytes + 1);
    while (true) {
        if (filled == content.size()) {
            content.resize(content.size() * 2);
        }
        const ssize_t got = ::read(descriptor, content.data() + filled, content.size() - filled);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            throw_system_error("cannot read a file", path.string(), errno);
        }
        if (got == 0) {
            break;
        }
        filled += static_cast<std::size_t>(got);
        if (filled > limit_bytes) {
            throw_too_large(path);
        }
    }
    content.resize(filled);
    return content;
}

void throw_too_large(const std::filesystem::path& path) {
    throw Error({"a file is larger than it can rightly be", path.string(), {}});
}

/// Of one's own only: the system lets nobody else. And only of what lies there alone: in such a
/// folder others may have put a second name of any file of one's own.
void let_group_lock(int lock, const std::filesystem::path& folder) {
    constexpr mode_t rights = S_IRGRP | S_IWGRP;

    struct stat status {};

    struct stat above {};

    const bool lacks_rights = ::fstat(lock, &status) == 0 && S_ISREG(status.st_mode) &&
                              status.st_nlink == 1 && status.st_uid == ::geteuid() &&
                              (status.st_mode & rights) != rights;
    if (lacks_rights && ::stat(folder.c_str(), &above) == 0 && is_for_a_group(above) &&
        ::fchmod(lock, (status.st_mode & 07777U) | rights) != 0) {
        throw_system_error("cannot let the group lock a file", folder.string(), errno);
    }
}

/// Where a file of that name is or would be made; `path` itself if it is no symbolic link, or one
/// to a file of another name: a checkout may hold a link from `envpm.lock` to anything of its
/// user's.
std::filesystem::path end_of_links(const std::filesystem::path& path) {
    constexpr int most_links = 40; // as the system follows
    std::filesystem::path place = path;
    for (int links = 0; links <= most_links; ++links) {
        std::error_code failure;
        const std::filesystem::path target = std::filesystem::read_symlink(place, failure);
        if (failure) { // it is no link, or not there; anything else shows when it is written
            return place.filename() == path.filename() ? place : path;
        }
        place = place.parent_path() / target;
    }
    throw_system_error("cannot write a file", path.string(), ELOOP);
}

/// A new hidden file with a name that nobody can predict, with what the umask leaves of `mode`,
/// locked: what is not locked was left by a crash.
Temporary create_beside(const std::filesystem::path& path, const std::filesystem::path& folder,
                        unsigned mode) {
    while (true) {
        Temporary made;
        made.path = (folder / unfinished_name(path.filename().native(), random_number())).string();
        made.file = Fd(::open(made.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
        if (made.file && take_alone(made.file.get())) {
            return made;
        }
        if (!made.file && errno != EEXIST) {
            throw_system_error("cannot create a file", path.string(), errno);
        }
    }
}

/// Not by std::random_device, which asks the processor what it can do each time it is made: in a
/// virtual machine that costs more than to write a small file.
std::uint32_t random_number() {
    std::uint32_t number = 0;
    while (::getrandom(&number, sizeof number, 0) != sizeof number) {
        if (errno != EINTR) {
            throw_system_error("cannot get random numbers", {}, errno);
        }
    }
    return number;
}

/// False if another one has it, or has already removed it. Where there are no locks all is as if
/// nobody else was there.
bool take_alone(int descriptor) {
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        return false;
    }

    struct stat status {};

    return ::fstat(descriptor, &status) != 0 || status.st_nlink > 0;
}

/// What crashes left of earlier writes of the same file.
void remove_abandoned(const std::filesystem::path& path, const std::filesystem::path& folder) {
    const std::string finished = path.filename().string();
    std::error_code unreadable; // then they stay
    std::filesystem::directory_iterator entries(folder, unreadable);
    for (; !unreadable && entries != std::filesystem::directory_iterator();
         entries.increment(unreadable)) {
        const std::filesystem::path& entry = entries->path();
        if (name_when_finished(entry.filename().native()) != finished) {
            continue;
        }
        if (const Fd lock = lock_if_abandoned(entry)) {
            ::unlink(entry.c_str());
        }
    }
}

} // namespace

} // namespace envpm
