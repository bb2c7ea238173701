#pragma once

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

/// How a library misbehaves that FAKE_LIBRARY_BAD names, compiled with its NAME. When it computes:
///
///   compute-error compute-wrong       the status of a failure; one value is not what it should be
///   compute-crash compute-hang compute-exit
///
/// FAKE_LIBRARY_GPU: the only GPU on which it does so (all).
namespace fake {

inline bool is(const char* mode) {
    const char* wanted = std::getenv("FAKE_LIBRARY");
    const char* bad = std::getenv("FAKE_LIBRARY_BAD");
    return wanted != nullptr && bad != nullptr && std::strcmp(wanted, mode) == 0 &&
           std::strcmp(bad, NAME) == 0;
}

/// A function of the driver that the process has loaded.
template <class Function> Function of_driver(const char* name) {
    return reinterpret_cast<Function>(
        ::dlsym(::dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD), name));
}

inline bool is_here(const char* mode) {
    const char* gpu = std::getenv("FAKE_LIBRARY_GPU");
    if (!is(mode) || gpu == nullptr) {
        return is(mode);
    }
    int current = -1;
    of_driver<int (*)(int*)>("cuCtxGetDevice")(&current);
    return std::atoi(gpu) == current;
}

/// What a call that computes begins with: `failure` if it is to fail.
inline int begin(int failure) {
    if (is_here("compute-crash")) {
        std::abort();
    }
    if (is_here("compute-exit")) {
        ::_exit(0);
    }
    while (is_here("compute-hang")) {
        ::pause();
    }
    return is_here("compute-error") ? failure : 0;
}

/// Added to one value of what was computed.
inline float error() {
    return is_here("compute-wrong") ? 2.0F : 0.0F;
}

} // namespace fake
