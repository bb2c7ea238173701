#pragma once

#include "model/probe_transcript.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::selftest {

/// How a test ended, of one GPU or before any was reached.
enum class Outcome {
    passed,
    busy,         ///< another process has the GPU for itself, or all of its memory: no failure
    no_library,   ///< there is no libcuda.so.1
    no_symbol,    ///< it lacks a function
    no_device,    ///< it sees no GPU
    cuda_error,   ///< a call failed
    failed,       ///< a library or PyTorch says that something went wrong
    wrong_result, ///< the kernel ran, and words are not what they should be
    timed_out,
    crashed, ///< a signal, or an exit in the middle
    stuck,   ///< it cannot be killed: it waits in the kernel for a device
    no_probe ///< envpm-gpuprobe could not be started
};

/// Stages of the probe that decide what is said. Others are named as the probe names them.
namespace stages {
inline constexpr std::string_view init = "init";
inline constexpr std::string_view context = "context"; ///< of one GPU
inline constexpr std::string_view module = "module";   ///< the kernel is loaded
inline constexpr std::string_view memory = "memory";   ///< room for the kernel's words
} // namespace stages

struct Ending {
    Outcome outcome = Outcome::passed;
    std::string stage;  ///< where: one of `stages`, or a function's name
    int code = 0;       ///< CUresult; the signal of a crash; the number of wrong words
    std::string detail; ///< the error's name, or what else is known

    bool operator==(const Ending&) const = default;
};

struct TestedGpu {
    ProbedGpu gpu;
    Ending ending;

    bool operator==(const TestedGpu&) const = default;
};

/// Of the GPUs that the probe sees, whether more can be tested on them.
enum class UsableGpus {
    all,  ///< every one ran the kernel
    none, ///< there is none, or no driver
    some, ///< one of them did not: none is used then
};

/// What the probe found out. Of a driver that did not get as far as naming GPUs `driver` says why,
/// and there are none.
struct ProbeReport {
    Ending driver;
    std::string library;             ///< the real path of libcuda.so.1
    std::optional<CudaVersion> cuda; ///< the newest that the driver runs
    std::vector<TestedGpu> gpus;     ///< by index

    /// Every GPU ran the kernel: the only report that may be remembered.
    [[nodiscard]] bool is_success() const;

    [[nodiscard]] UsableGpus usable_gpus() const {
        return is_success() ? UsableGpus::all : gpus.empty() ? UsableGpus::none : UsableGpus::some;
    }

    bool operator==(const ProbeReport&) const = default;
};

/// What NVML says where CUDA sees no GPU; nothing of it may be known.
struct ManagementReport {
    int error = 0; ///< of nvmlInit
    std::vector<ProbedGpu> gpus;

    /// NVML_ERROR_LIB_RM_VERSION_MISMATCH: the library is not of the kernel's driver.
    [[nodiscard]] bool is_of_another_driver() const { return error == 18; }
};

} // namespace envpm::selftest
