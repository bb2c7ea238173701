// CUDA libraries without CUDA, for tests: they tell a version, or do what FAKE_LIBRARY says to the
// one that FAKE_LIBRARY_BAD names ("libcublas").
//
//   crash hang exit                   when it is loaded
//   wrong                             another major version
//   old                               a version of NCCL that counts otherwise: 2.8.4
//   error                             the call for its version fails
//   check                             a part of cuDNN says that it is of another version
//   compute-…                         see modes.h
//
// Compiled once for each library, with NAME and what makes its function.

#include "modes.h"

#include <cstdlib>

using fake::is;

namespace {

[[gnu::constructor]] void load() {
    if (is("crash")) {
        std::abort();
    }
    if (is("exit")) {
        ::_exit(0);
    }
    while (is("hang")) {
        ::pause();
    }
}

[[maybe_unused]] int property(int which, int* value, int major, int minor, int patch) {
    *value = which == 0 ? major + (is("wrong") ? 1 : 0) : which == 1 ? minor : patch;
    return is("error") ? 3 : 0;
}

} // namespace

extern "C" {

#ifdef CUDART
int cudaRuntimeGetVersion(int* version) {
    *version = is("wrong") ? 12080 : 13000;
    return is("error") ? 3 : 0;
}
#endif

#ifdef CUBLAS
int cublasGetProperty(int which, int* value) {
    return property(which, value, 13, 1, 0);
}
#endif

#ifdef CUFFT
int cufftGetProperty(int which, int* value) {
    return property(which, value, 12, 0, 0);
}
#endif

#ifdef CUDNN
int cudnnGetProperty(int which, int* value) {
    return property(which, value, 9, 19, 0);
}

int cudnnGraphVersionCheck() {
    return 0;
}

int cudnnOpsVersionCheck() {
    return is("check") ? 9 : 0;
}
#endif

#ifdef NCCL
int ncclGetVersion(int* version) {
    *version = is("wrong") ? 21905 : is("old") ? 2804 : 22809;
    return 0;
}
#endif

#ifdef NVRTC
int nvrtcVersion(int* major, int* minor) {
    *major = 13;
    *minor = is("wrong") ? 1 : 0;
    return 0;
}
#endif

} // extern "C"
