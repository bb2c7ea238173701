#pragma once

#include <cstddef>
#include <cstdint>

namespace gpuprobe {

using Result = int; ///< CUresult
using Device = int; ///< CUdevice
using Handle = void*;
using Address = std::uint64_t; ///< CUdeviceptr

/// What of the CUDA driver API is called, by the names of cuda.h without `cu`. Declared here and
/// looked up by name: the probe is built without CUDA's headers and runs without its library.
struct Driver {
    void* library = nullptr;
    Result (*driver_get_version)(int*) = nullptr;
    Result (*get_error_name)(Result, const char**) = nullptr;
    Result (*init)(unsigned) = nullptr;
    Result (*device_get_count)(int*) = nullptr;
    Result (*device_get)(Device*, int) = nullptr;
    Result (*device_get_attribute)(int*, int, Device) = nullptr;
    Result (*device_get_name)(char*, int, Device) = nullptr;
    Result (*device_get_uuid)(void*, Device) = nullptr;
    Result (*primary_context_retain)(Handle*, Device) = nullptr;
    Result (*primary_context_release)(Device) = nullptr;
    Result (*context_set_current)(Handle) = nullptr;
    Result (*context_synchronize)() = nullptr;
    Result (*module_load)(Handle*, const void*, unsigned, int*, void**) = nullptr;
    Result (*module_get_function)(Handle*, Handle, const char*) = nullptr;
    Result (*module_unload)(Handle) = nullptr;
    Result (*memory_allocate)(Address*, std::size_t) = nullptr;
    Result (*memory_free)(Address) = nullptr;
    Result (*memory_set)(Address, unsigned char, std::size_t) = nullptr;
    Result (*memory_copy_to_host)(void*, Address, std::size_t) = nullptr;
    Result (*launch)(Handle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                     Handle, void**, void**) = nullptr;
};

/// How the probe ends (docs/selftest.md). The verdict line is the answer; the status is for people.
enum ExitStatus {
    exit_ok = 0,
    exit_usage = 2,
    exit_no_library = 20,
    exit_no_symbol = 21,
    exit_error = 22,
    exit_no_device = 23,
    exit_wrong_result = 24,
};

enum class Extent {
    version, ///< what can be asked before cuInit
    all,
};

/// Loads libcuda.so.1 as any program does, else `fallback` (WSL's); tells where it lies and what
/// CUDA version it has, which needs no GPU. Of the result `library` is null if there is a verdict
/// already: then `status` is set.
Driver load_driver(const char* fallback, Extent extent, ExitStatus& status);

/// cuInit and the number of visible GPUs; -1 after a verdict.
int initialise(const Driver& driver, ExitStatus& status);

/// A verdict `error` about a call: which, what came of it, and for which GPU (-1: for none).
void send_error(const Driver& driver, const char* stage, Result result, int index);

/// Tells the file behind a function of a library that was loaded.
void send_library(const char* fact, void* function);

} // namespace gpuprobe
