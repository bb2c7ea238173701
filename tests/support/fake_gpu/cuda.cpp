// A libcuda.so.1 without a GPU, for tests: it does what FAKE_GPU says.
//
//   ok old nodev 802 803 804 999      what cuInit says (old: a driver of CUDA 11.4)
//   stub                              every call gives 34, as the toolkit's stub does
//   203 209 221 222 223               what loading a module gives; `ptx60` refuses only PTX 6.0
//   busy oom                          a context that another process has, memory that it has
//   launch wrong                      the kernel fails, or one word is not what it should be
//   crash hang exit                   within cuInit; `hang-sync` in cuCtxSynchronize
//   leave                             cuInit leaves a process behind that holds the pipe open and
//                                     is in no group of ours; `leave-exit` then ends the probe
//   stuck                             cuInit hangs, and the process cannot be collected when it is
//                                     killed, as one that waits in the kernel: for five seconds its
//                                     status belongs to a tracer
//   slow                              cuInit takes 300 ms
//   on-device-wrong peer-wrong        one byte of such a copy is not what it should be
//   peer-none peer-error              no GPU reaches another; the access to it is refused
//
// FAKE_GPU_COUNT: how many GPUs (1). FAKE_GPU_BAD: the only one that the mode is for (all), if it
// concerns a GPU. FAKE_GPU_CAPABILITY: "86". FAKE_GPU_CUDA: the version (13000).

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

using Result = int;

constexpr Result success = 0;
constexpr int most_gpus = 64;
int current = 0;
int contexts[most_gpus]; // each GPU's is at its place
int handle = 0;

const char* variable(const char* name, const char* otherwise) {
    const char* value = std::getenv(name);
    return value == nullptr ? otherwise : value;
}

bool is(const char* mode) {
    return std::strcmp(variable("FAKE_GPU", "ok"), mode) == 0;
}

/// Whether a mode that concerns one GPU is for the current one.
bool is_here(const char* mode) {
    const char* bad = std::getenv("FAKE_GPU_BAD");
    return is(mode) && (bad == nullptr || std::atoi(bad) == current);
}

Result number_of_mode() {
    return std::atoi(variable("FAKE_GPU", "ok"));
}

[[noreturn]] void hang() {
    for (;;) {
        ::pause();
    }
}

void pause_for(long milliseconds) {
    const timespec time = {milliseconds / 1000, (milliseconds % 1000) * 1'000'000};
    ::nanosleep(&time, nullptr);
}

/// A daemon of the driver: it has left our process group, and our pipe is its output. It ends by
/// itself, so that a test that fails leaves nothing.
void leave_process() {
    if (::fork() == 0) {
        ::setsid();
        pause_for(20'000);
        ::_exit(0);
    }
}

void be_traced() {
    const pid_t probe = ::getpid();
    ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    if (::fork() == 0) {
        ::setsid();
        ::ptrace(PTRACE_SEIZE, probe, nullptr, nullptr);
        pause_for(5'000);
        ::_exit(0);
    }
}

/// The GPU's memory is the host's.
unsigned char* at(std::uint64_t address) {
    return reinterpret_cast<unsigned char*>(static_cast<std::uintptr_t>(address));
}

Result stub_or(Result result) {
    return is("stub") ? 34 : result;
}

} // namespace

extern "C" {

Result cuDriverGetVersion(int* version) {
    *version = is("old") ? 11040 : std::atoi(variable("FAKE_GPU_CUDA", "13000"));
    return stub_or(success);
}

Result cuInit(unsigned) {
    if (is("crash")) {
        std::abort();
    }
    if (is("stuck")) {
        be_traced();
    }
    if (is("hang") || is("stuck")) {
        hang();
    }
    if (is("leave") || is("leave-exit")) {
        leave_process();
    }
    if (is("exit") || is("leave-exit")) {
        ::_exit(0);
    }
    if (is("slow")) {
        pause_for(300);
    }
    if (is("nodev")) {
        return 100;
    }
    const Result number = number_of_mode();
    return stub_or(number >= 800 || number == 101 ? number : success);
}

Result cuGetErrorName(Result result, const char** name) {
    static char text[64];
    std::snprintf(text, sizeof text, "CUDA_ERROR_FAKE_%d", result);
    *name = text;
    return stub_or(success);
}

Result cuDeviceGetCount(int* count) {
    *count = std::atoi(variable("FAKE_GPU_COUNT", "1"));
    return success;
}

Result cuDeviceGet(int* device, int index) {
    *device = index;
    return success;
}

Result cuDeviceGetAttribute(int* value, int attribute, int) {
    const int capability = std::atoi(variable("FAKE_GPU_CAPABILITY", "86"));
    *value = attribute == 75 ? capability / 10 : capability % 10;
    return success;
}

Result cuDeviceGetName(char* name, int size, int device) {
    std::snprintf(name, static_cast<std::size_t>(size), "Fake \"GPU\" %d", device);
    return success;
}

Result cuDeviceGetUuid_v2(void* uuid, int device) {
    std::memset(uuid, 0x11 * (device + 1), 16);
    return success;
}

Result cuDevicePrimaryCtxRetain(void** context, int device) {
    current = device;
    *context = &contexts[device];
    return is_here("busy") ? 46 : success;
}

Result cuDevicePrimaryCtxRelease_v2(int) {
    return success;
}

Result cuCtxSetCurrent(void* context) {
    if (context != nullptr) {
        current = static_cast<int>(static_cast<int*>(context) - contexts);
    }
    return success;
}

Result cuCtxGetDevice(int* device) {
    *device = current;
    return success;
}

Result cuCtxSynchronize() {
    if (is_here("hang-sync")) {
        hang();
    }
    return is_here("launch") ? 719 : success;
}

Result cuModuleLoadDataEx(void** module, const void* image, unsigned, int*, void** values) {
    const char* text = static_cast<const char*>(image);
    std::snprintf(static_cast<char*>(values[0]), 64, "a log\nof %.12s", text);
    if (is_here("ptx60")) {
        return std::strncmp(text, ".version 6.0", 12) == 0 ? 222 : success;
    }
    *module = &handle;
    const Result number = number_of_mode();
    const bool is_bad = number >= 200 && number < 300 && is_here(std::getenv("FAKE_GPU"));
    return is_bad ? number : success;
}

Result cuModuleGetFunction(void** function, void*, const char*) {
    *function = &handle;
    return success;
}

Result cuModuleUnload(void*) {
    return success;
}

Result cuMemAlloc_v2(std::uint64_t* address, std::size_t size) {
    *address = reinterpret_cast<std::uintptr_t>(std::malloc(size));
    return is_here("oom") || *address == 0 ? 2 : success;
}

Result cuMemFree_v2(std::uint64_t address) {
    std::free(at(address));
    return success;
}

Result cuMemsetD8_v2(std::uint64_t address, unsigned char value, std::size_t size) {
    std::memset(at(address), value, size);
    return success;
}

Result cuMemcpyDtoH_v2(void* target, std::uint64_t address, std::size_t size) {
    std::memcpy(target, at(address), size);
    return success;
}

Result cuMemcpyHtoD_v2(std::uint64_t address, const void* source, std::size_t size) {
    std::memcpy(at(address), source, size);
    return success;
}

Result cuMemcpyDtoD_v2(std::uint64_t target, std::uint64_t source, std::size_t size) {
    std::memcpy(at(target), at(source), size);
    at(target)[size - 1] ^= is_here("on-device-wrong") ? 1 : 0;
    return success;
}

Result cuDeviceCanAccessPeer(int* can, int, int) {
    *can = is("peer-none") ? 0 : 1;
    return success;
}

Result cuCtxEnablePeerAccess(void*, unsigned) {
    return is_here("peer-error") ? 217 : success;
}

Result cuCtxDisablePeerAccess(void*) {
    return success;
}

Result cuMemcpyPeer(std::uint64_t target, void*, std::uint64_t source, void*, std::size_t size) {
    std::memcpy(at(target), at(source), size);
    at(target)[size / 2] ^= is_here("peer-wrong") ? 1 : 0;
    return success;
}

Result cuStreamCreate(void** stream, unsigned) {
    *stream = &handle;
    return success;
}

Result cuStreamSynchronize(void*) {
    return success;
}

Result cuStreamDestroy_v2(void*) {
    return success;
}

Result cuLaunchKernel(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                      void*, void** arguments, void**) {
    auto* const memory =
        reinterpret_cast<std::uint32_t*>(at(*static_cast<std::uint64_t*>(arguments[0])));
    const std::uint32_t factor = *static_cast<std::uint32_t*>(arguments[1]);
    const std::uint32_t count = *static_cast<std::uint32_t*>(arguments[2]);
    for (std::uint32_t i = 0; i < count; ++i) {
        memory[i] = (i * factor + 1729U) ^ i;
    }
    if (is_here("wrong")) {
        memory[77] ^= 1U;
    }
    return success;
}

} // extern "C"
