// The system's calls that change files, by their C names: see recorder.h.

#include "recorder.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/uio.h>

#include <cstdarg>

using envpm::crash::file_of;
using envpm::crash::is_there;
using envpm::crash::Need;
using envpm::crash::path_of;
using envpm::crash::Recorder;
using envpm::crash::Turn;

namespace {

int open_watched(int folder, const char* name, int flags, mode_t mode) {
    const auto really = [&] {
        return static_cast<int>(::syscall(SYS_openat, folder, name, flags, mode));
    };
    const std::string path = path_of(folder, name);
    if (!Recorder::instance().watches(path)) {
        return really();
    }
    const Turn turn;
    const bool makes = (flags & O_CREAT) != 0 && !is_there(folder, name);
    if (turn->meets_fault("open", makes ? Need::room : Need::look)) {
        return -1;
    }
    const int file = really();
    if (file < 0) {
        return file;
    }
    if (makes) {
        struct stat status {};

        ::fstat(file, &status);
        turn->write({.kind = 'c', .file = status.st_ino, .second = status.st_mode & 07777U}, path);
    } else if ((flags & O_TRUNC) != 0) {
        turn->write({.kind = 't', .file = file_of(file)}, path);
    }
    return file;
}

/// A call that changes a name. `of` tells what is logged after it went well.
template <class Call, class Write>
int change_name(const char* name, Need need, std::string_view path, const Call& call,
                const Write& write) {
    if (!Recorder::instance().watches(path)) {
        return static_cast<int>(call());
    }
    const Turn turn;
    if (turn->meets_fault(name, need)) {
        return -1;
    }
    const int result = static_cast<int>(call());
    if (result == 0) {
        write(turn);
    }
    return result;
}

/// A call on an open file.
template <class Call, class Write>
long use_file(const char* name, Need need, int file, const Call& call, const Write& write) {
    const std::string path = path_of(file);
    if (!Recorder::instance().watches(path)) {
        return call();
    }
    const Turn turn;
    if (turn->meets_fault(name, need)) {
        return -1;
    }
    const long result = call();
    if (result >= 0) {
        write(turn, path, result);
    }
    return result;
}

long write_at(int file, std::string_view data, std::int64_t offset, bool has_offset) {
    const auto really = [&] {
        return has_offset ? ::syscall(SYS_pwrite64, file, data.data(), data.size(), offset)
                          : ::syscall(SYS_write, file, data.data(), data.size());
    };
    const std::string path = path_of(file);
    if (!Recorder::instance().watches(path)) {
        return really();
    }
    const Turn turn;
    if (!has_offset) {
        offset = ::syscall(SYS_lseek, file, 0, SEEK_CUR);
    }
    if (turn->meets_fault("write", Need::room, has_offset ? -1 : file, data)) {
        return -1;
    }
    const long written = really();
    if (written > 0) {
        turn->write({.kind = 'w', .file = file_of(file), .first = offset}, path, {},
                    data.substr(0, static_cast<std::size_t>(written)));
    }
    return written;
}

/// What came into `to` from another file is read there.
void write_copied(const Turn& turn, const std::string& path, int from, std::int64_t from_offset,
                  int to, std::int64_t to_offset, long size) {
    if (size <= 0) {
        return;
    }
    std::string data(static_cast<std::size_t>(size), '\0');
    ::syscall(SYS_pread64, from, data.data(), data.size(), from_offset);
    turn->write({.kind = 'w', .file = file_of(to), .first = to_offset}, path, {}, data);
}

int sync_watched(const char* name, char kind, int number, int file) {
    return static_cast<int>(use_file(
        name, Need::room, file, [&] { return ::syscall(number, file); },
        [&](const Turn& turn, const std::string& path, long) {
            turn->write({.kind = kind, .file = file_of(file)}, path);
        }));
}

/// Of a file that was written, this is where some disks first tell that they are full. The
/// descriptor is gone in either case, as Linux has it.
int close_watched(int file) {
    const auto really = [&] { return static_cast<int>(::syscall(SYS_close, file)); };
    const long flags = ::syscall(SYS_fcntl, file, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH) != 0 ||
        !Recorder::instance().watches(path_of(file))) {
        return really();
    }
    const Turn turn;
    if (!turn->meets_fault("close", Need::end)) {
        return really();
    }
    const int fault = errno;
    really();
    errno = fault;
    return -1;
}

int remove_watched(int folder, const char* name, int flags) {
    const std::string path = path_of(folder, name);
    return change_name(
        "unlink", Need::change, path, [&] { return ::syscall(SYS_unlinkat, folder, name, flags); },
        [&](const Turn& turn) {
            turn->write({.kind = (flags & AT_REMOVEDIR) != 0 ? 'x' : 'u'}, path);
        });
}

int rename_watched(int from, const char* old_name, int to, const char* new_name, unsigned flags) {
    const std::string source = path_of(from, old_name);
    const std::string target = path_of(to, new_name);
    return change_name(
        "rename", Need::room, target,
        [&] { return ::syscall(SYS_renameat2, from, old_name, to, new_name, flags); },
        [&](const Turn& turn) { turn->write({.kind = 'r', .second = flags}, source, target); });
}

} // namespace

extern "C" {

int openat(int folder, const char* name, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open_watched(folder, name, flags, mode);
}

int open(const char* name, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open_watched(AT_FDCWD, name, flags, mode);
}

// Those of a program that was compiled with _FORTIFY_SOURCE.
int __open_2(const char* name, int flags) { // NOLINT(bugprone-reserved-identifier)
    return open_watched(AT_FDCWD, name, flags, 0);
}

int __openat_2(int folder, const char* name, int flags) { // NOLINT(bugprone-reserved-identifier)
    return open_watched(folder, name, flags, 0);
}

int close(int file) {
    return close_watched(file);
}

ssize_t write(int file, const void* data, size_t size) {
    return write_at(file, {static_cast<const char*>(data), size}, 0, false);
}

ssize_t pwrite(int file, const void* data, size_t size, off_t offset) {
    return write_at(file, {static_cast<const char*>(data), size}, offset, true);
}

ssize_t writev(int file, const struct iovec* parts, int count) {
    std::string data;
    for (int i = 0; i < count; ++i) {
        data.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
    }
    return write_at(file, data, 0, false);
}

ssize_t read(int file, void* data, size_t size) {
    return use_file(
        "read", Need::look, file, [&] { return ::syscall(SYS_read, file, data, size); },
        [](const Turn&, const std::string&, long) {});
}

ssize_t pread(int file, void* data, size_t size, off_t offset) {
    return use_file(
        "pread", Need::look, file, [&] { return ::syscall(SYS_pread64, file, data, size, offset); },
        [](const Turn&, const std::string&, long) {});
}

ssize_t copy_file_range(int from, off64_t* from_at, int to, off64_t* to_at, size_t size,
                        unsigned flags) {
    const std::int64_t source =
        from_at != nullptr ? *from_at : ::syscall(SYS_lseek, from, 0, SEEK_CUR);
    const std::int64_t target = to_at != nullptr ? *to_at : ::syscall(SYS_lseek, to, 0, SEEK_CUR);
    return use_file(
        "copy_file_range", Need::room, to,
        [&] { return ::syscall(SYS_copy_file_range, from, from_at, to, to_at, size, flags); },
        [&](const Turn& turn, const std::string& path, long done) {
            write_copied(turn, path, from, source, to, target, done);
        });
}

ssize_t sendfile(int to, int from, off_t* from_at, size_t size) {
    const std::int64_t source =
        from_at != nullptr ? *from_at : ::syscall(SYS_lseek, from, 0, SEEK_CUR);
    const std::int64_t target = ::syscall(SYS_lseek, to, 0, SEEK_CUR);
    return use_file(
        "sendfile", Need::room, to,
        [&] { return ::syscall(SYS_sendfile, to, from, from_at, size); },
        [&](const Turn& turn, const std::string& path, long done) {
            write_copied(turn, path, from, source, to, target, done);
        });
}

int ioctl(int file, unsigned long request, ...) {
    va_list more;
    va_start(more, request);
    void* const argument = va_arg(more, void*);
    va_end(more);
    if (request != FICLONE) {
        return static_cast<int>(::syscall(SYS_ioctl, file, request, argument));
    }
    const int from = static_cast<int>(reinterpret_cast<std::intptr_t>(argument));
    return static_cast<int>(use_file(
        "clone", Need::room, file, [&] { return ::syscall(SYS_ioctl, file, request, argument); },
        [&](const Turn& turn, const std::string& path, long) {
            write_copied(turn, path, from, 0, file, 0, ::syscall(SYS_lseek, from, 0, SEEK_END));
        }));
}

int ftruncate(int file, off_t size) noexcept {
    return static_cast<int>(use_file(
        "ftruncate", Need::room, file, [&] { return ::syscall(SYS_ftruncate, file, size); },
        [&](const Turn& turn, const std::string& path, long) {
            turn->write({.kind = 't', .file = file_of(file), .first = size}, path);
        }));
}

int fchmod(int file, mode_t mode) noexcept {
    return static_cast<int>(use_file(
        "fchmod", Need::change, file, [&] { return ::syscall(SYS_fchmod, file, mode); },
        [&](const Turn& turn, const std::string& path, long) {
            turn->write({.kind = 'm', .file = file_of(file), .second = mode}, path);
        }));
}

int fchmodat(int folder, const char* name, mode_t mode, int) noexcept {
    const std::string path = path_of(folder, name);
    return change_name(
        "fchmod", Need::change, path, [&] { return ::syscall(SYS_fchmodat, folder, name, mode); },
        [&](const Turn& turn) {
            turn->write({.kind = 'm', .file = file_of(folder, name, 0), .second = mode}, path);
        });
}

int futimens(int file, const struct timespec times[2]) noexcept {
    return static_cast<int>(use_file(
        "futimens", Need::change, file,
        [&] { return ::syscall(SYS_utimensat, file, nullptr, times, 0); },
        [&](const Turn& turn, const std::string& path, long) {
            turn->write({.kind = 'M', .file = file_of(file), .first = times[1].tv_sec}, path);
        }));
}

int utimensat(int folder, const char* name, const struct timespec times[2], int flags) noexcept {
    const std::string path = path_of(folder, name);
    return change_name(
        "utimensat", Need::change, path,
        [&] { return ::syscall(SYS_utimensat, folder, name, times, flags); },
        [&](const Turn& turn) {
            turn->write({.kind = 'M',
                         .file = file_of(folder, name, flags),
                         .first = times != nullptr ? times[1].tv_sec : 0},
                        path);
        });
}

int mkdirat(int folder, const char* name, mode_t mode) noexcept {
    const std::string path = path_of(folder, name);
    return change_name(
        "mkdir", Need::room, path, [&] { return ::syscall(SYS_mkdirat, folder, name, mode); },
        [&](const Turn& turn) {
            struct stat status {};

            ::fstatat(folder, name, &status, 0);
            turn->write({.kind = 'd', .file = status.st_ino, .second = status.st_mode & 07777U},
                        path);
        });
}

int mkdir(const char* name, mode_t mode) noexcept {
    return mkdirat(AT_FDCWD, name, mode);
}

char* mkdtemp(char* name) noexcept {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    char* const end = name + std::string_view(name).size() - 6;
    do {
        unsigned char random[6] = {};
        if (::getrandom(random, sizeof random, 0) != ssize_t{sizeof random}) {
            return nullptr;
        }
        for (int i = 0; i < 6; ++i) {
            end[i] = letters[random[i] % letters.size()];
        }
    } while (mkdirat(AT_FDCWD, name, 0700) != 0 && errno == EEXIST);
    return is_there(AT_FDCWD, name) ? name : nullptr;
}

int symlinkat(const char* target, int folder, const char* name) noexcept {
    const std::string path = path_of(folder, name);
    return change_name(
        "symlink", Need::room, path, [&] { return ::syscall(SYS_symlinkat, target, folder, name); },
        [&](const Turn& turn) {
            turn->write({.kind = 's', .file = file_of(folder, name, AT_SYMLINK_NOFOLLOW)}, path,
                        target);
        });
}

int symlink(const char* target, const char* name) noexcept {
    return symlinkat(target, AT_FDCWD, name);
}

int linkat(int from, const char* old_name, int to, const char* new_name, int flags) noexcept {
    const std::string source = path_of(from, old_name);
    const std::string target = path_of(to, new_name);
    return change_name(
        "link", Need::room, target,
        [&] { return ::syscall(SYS_linkat, from, old_name, to, new_name, flags); },
        [&](const Turn& turn) { turn->write({.kind = 'l'}, source, target); });
}

int link(const char* old_name, const char* new_name) noexcept {
    return linkat(AT_FDCWD, old_name, AT_FDCWD, new_name, 0);
}

int renameat2(int from, const char* old_name, int to, const char* new_name,
              unsigned flags) noexcept {
    return rename_watched(from, old_name, to, new_name, flags);
}

int renameat(int from, const char* old_name, int to, const char* new_name) noexcept {
    return rename_watched(from, old_name, to, new_name, 0);
}

int rename(const char* old_name, const char* new_name) noexcept {
    return rename_watched(AT_FDCWD, old_name, AT_FDCWD, new_name, 0);
}

int unlinkat(int folder, const char* name, int flags) noexcept {
    return remove_watched(folder, name, flags);
}

int unlink(const char* name) noexcept {
    return remove_watched(AT_FDCWD, name, 0);
}

int rmdir(const char* name) noexcept {
    return remove_watched(AT_FDCWD, name, AT_REMOVEDIR);
}

int remove(const char* name) noexcept {
    const int result = remove_watched(AT_FDCWD, name, 0);
    return result != 0 && errno == EISDIR ? remove_watched(AT_FDCWD, name, AT_REMOVEDIR) : result;
}

int fsync(int file) {
    return sync_watched("fsync", 'f', SYS_fsync, file);
}

int fdatasync(int file) {
    return sync_watched("fdatasync", 'f', SYS_fdatasync, file);
}

int syncfs(int file) noexcept {
    return sync_watched("syncfs", 'S', SYS_syncfs, file);
}

} // extern "C"
