// A library for LD_PRELOAD: what a process reads below /proc/sys/kernel/osrelease, /proc/driver,
// /sys/module/nvidia and /usr/lib/wsl is read in the folder FAKE_MACHINE instead, so that tests of
// whole commands have a kernel with an NVIDIA driver, or WSL. What that folder lacks is absent.
// FAKE_DISK names a file system that all files are on, by the number that the kernel has for it,
// and where no file can be locked.

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr const char* places[] = {"/proc/sys/kernel/osrelease", "/proc/driver",
                                  "/sys/module/nvidia", "/usr/lib/wsl"};

class Path {
  public:
    explicit Path(const char* path)
        : path_(path) {
        const char* folder = std::getenv("FAKE_MACHINE");
        for (const char* place : places) {
            if (folder != nullptr && std::strncmp(path, place, std::strlen(place)) == 0) {
                std::snprintf(text_, sizeof text_, "%s%s", folder, path);
                path_ = text_;
            }
        }
    }

    [[nodiscard]] const char* get() const { return path_; }

  private:
    const char* path_;
    char text_[4096];
};

template <class Function> Function real(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

} // namespace

extern "C" {

int open(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    static const auto call = real<int (*)(const char*, int, ...)>("open");
    return call(Path(path).get(), flags, mode);
}

void* opendir(const char* path) {
    static const auto call = real<void* (*)(const char*)>("opendir");
    return call(Path(path).get());
}

int stat(const char* path, void* status) {
    static const auto call = real<int (*)(const char*, void*)>("stat");
    return call(Path(path).get(), status);
}

int fstatfs(int file, struct statfs* status) {
    static const auto call = real<int (*)(int, struct statfs*)>("fstatfs");
    const int result = call(file, status);
    if (const char* disk = std::getenv("FAKE_DISK")) {
        status->f_type = std::strtol(disk, nullptr, 0);
    }
    return result;
}

int fcntl(int file, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void* argument = va_arg(rest, void*);
    va_end(rest);
    if (command == F_OFD_SETLK && std::getenv("FAKE_DISK") != nullptr) {
        errno = ENOLCK;
        return -1;
    }
    static const auto call = real<int (*)(int, int, ...)>("fcntl");
    return call(file, command, argument);
}

} // extern "C"
