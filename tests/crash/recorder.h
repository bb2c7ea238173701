#pragma once

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

// Stands before the system's calls of a program that is started with it in LD_PRELOAD, and sees
// what the program does below one folder. tests/crash/recording.py reads what is written here.
//
//   ENVPM_CRASH_FOLDER  the folder that is watched
//   ENVPM_CRASH_LOG     every call there is appended to this file: what it was, and with which
//   bytes ENVPM_CRASH_FAULT   `kill N`, or an errno and N: the N-th call that can meet this does.
//   With a
//                       `+` after N, every later one as well. A kill in a write leaves half of it.
//
// One call at a time, in whatever thread: the order of the log is the order of the events. The
// calls themselves are made by syscall(2), so that nothing here meets itself.

namespace envpm::crash {

/// What stands before each entry of the log, in the machine's order of bytes.
struct Head {
    std::uint32_t size = 0; ///< of head and strings
    char kind = 0;
    char rest[3] = {};
    std::uint64_t file = 0;      ///< inode
    std::int64_t first = 0;      ///< offset, size, seconds
    std::int64_t second = 0;     ///< nanoseconds, flags, mode
    std::uint32_t sizes[3] = {}; ///< of path, other path, data
};

/// Whom a fault can meet: a full disk only those who need room, or end what needed it. A kill at an
/// end is one at the call before.
enum class Need { room, change, look, end };

/// As the log has it.
inline char letter_of(Need need) {
    return "Kkoe"[static_cast<int>(need)];
}

class Recorder {
  public:
    static Recorder& instance() {
        static Recorder one;
        return one;
    }

    [[nodiscard]] bool watches(std::string_view path) const {
        return !folder_.empty() && path.starts_with(folder_) &&
               (path.size() == folder_.size() || path[folder_.size()] == '/');
    }

    /// True if this call is to fail; errno says how. Does not return if it is to kill.
    bool meets_fault(const char* name, Need need, int written_to = -1, std::string_view data = {}) {
        write({.kind = letter_of(need)}, name);
        const bool is_write = need == Need::room || need == Need::end;
        const bool is_change = need == Need::room || need == Need::change;
        const bool can_meet =
            fault_ != 0 && (fault_ != ENOSPC || is_write) && (fault_ != -SIGKILL || is_change);
        if (!can_meet || ++calls_ < at_ || (calls_ > at_ && !is_lasting_)) {
            return false;
        }
        if (fault_ > 0) {
            errno = fault_;
            return true;
        }
        if (written_to >= 0 && data.size() > 1) {
            ::syscall(SYS_write, written_to, data.data(), data.size() / 2);
        }
        ::kill(::getpid(), SIGKILL);
        return true;
    }

    void write(Head head, std::string_view path, std::string_view other = {},
               std::string_view data = {}) const {
        if (log_ < 0) {
            return;
        }
        head.sizes[0] = static_cast<std::uint32_t>(path.size());
        head.sizes[1] = static_cast<std::uint32_t>(other.size());
        head.sizes[2] = static_cast<std::uint32_t>(data.size());
        head.size =
            static_cast<std::uint32_t>(sizeof head + path.size() + other.size() + data.size());
        std::string entry(reinterpret_cast<const char*>(&head), sizeof head);
        entry.append(path).append(other).append(data);
        const int fault = errno;
        ::syscall(SYS_write, log_, entry.data(), entry.size());
        errno = fault;
    }

    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

  private:
    Recorder() {
        const auto variable = [](const char* name) {
            const char* const text = ::getenv(name);
            return std::string(text != nullptr ? text : "");
        };
        folder_ = variable("ENVPM_CRASH_FOLDER");
        if (const std::string log = variable("ENVPM_CRASH_LOG"); !log.empty()) {
            log_ = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, log.c_str(),
                                              O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
        }
        const std::string fault = variable("ENVPM_CRASH_FAULT");
        if (const std::size_t space = fault.find(' '); space != std::string::npos) {
            fault_ = fault.starts_with("kill") ? -SIGKILL : std::atoi(fault.c_str());
            at_ = std::atol(fault.c_str() + space);
            is_lasting_ = fault.ends_with('+');
        }
    }

    std::string folder_;
    int log_ = -1;
    int fault_ = 0; ///< an errno, or -SIGKILL
    long at_ = 0;
    long calls_ = 0;
    bool is_lasting_ = false;
};

/// Holds off the other threads.
class Turn {
  public:
    Turn() { ::pthread_mutex_lock(&Recorder::instance().mutex); }

    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    Turn(Turn&&) = delete;
    Turn& operator=(Turn&&) = delete;

    ~Turn() { ::pthread_mutex_unlock(&Recorder::instance().mutex); }

    Recorder* operator->() const { return &Recorder::instance(); }
};

inline std::string path_of(int file) {
    char link[32];
    char path[PATH_MAX];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    const long size = ::syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path);
    return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : std::string();
}

/// Without links on the way; the last part is taken as it is. Empty if the folder is not there.
inline std::string path_of(int folder, const char* name) {
    const std::string_view text = name;
    const std::size_t slash = text.rfind('/');
    const std::string above =
        slash == std::string_view::npos ? "." : std::string(text.substr(0, slash + 1));
    const std::string_view last = slash == std::string_view::npos ? text : text.substr(slash + 1);
    const int handle = static_cast<int>(
        ::syscall(SYS_openat, folder, above.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
    if (handle < 0) {
        return {};
    }
    std::string path = path_of(handle);
    ::syscall(SYS_close, handle);
    if (!last.empty() && last != ".") {
        path.append("/").append(last);
    }
    return path;
}

inline std::uint64_t file_of(int file) {
    struct stat status {};

    return ::fstat(file, &status) == 0 ? status.st_ino : 0;
}

inline std::uint64_t file_of(int folder, const char* name, int flags) {
    struct stat status {};

    return ::fstatat(folder, name, &status, flags) == 0 ? status.st_ino : 0;
}

inline bool is_there(int folder, const char* name) {
    const int before = errno;
    const bool is_there = file_of(folder, name, AT_SYMLINK_NOFOLLOW) != 0;
    errno = before;
    return is_there;
}

} // namespace envpm::crash
