// A library for LD_PRELOAD: what a process reads below /proc/sys/kernel/osrelease, /proc/driver,
// /sys/module/nvidia and /usr/lib/wsl is read in the folder FAKE_MACHINE instead, so that tests of
// whole commands have a kernel with an NVIDIA driver, or WSL. What that folder lacks is absent.

#include <dlfcn.h>
#include <fcntl.h>

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

} // extern "C"
