#pragma once

#include "base/variables.h"
#include "host/gpu_files.h"
#include "model/cuda_version.h"
#include "model/probe_transcript.h"
#include "model/target.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace envpm::host {

/// Something about this machine, and who says so. A fact with an origin and no value is that there
/// is none; without either it is not known.
template <class T> struct Fact {
    std::optional<T> value;
    std::string origin; ///< a file, a library, a program, a variable

    bool operator==(const Fact&) const = default;
};

/// What a lock's target may ask of a machine. Driver and CUDA version are two facts: a library for
/// forward compatibility, or WSL's, runs another CUDA than the kernel's module came with.
struct MachineFacts {
    Fact<DriverVersion> driver;        ///< under WSL that of Windows, in Windows' numbers
    Fact<CudaVersion> cuda;            ///< the newest that the libcuda.so.1 of programs here runs
    Fact<std::vector<ProbedGpu>> gpus; ///< all, whatever CUDA_VISIBLE_DEVICES hides
    Fact<GlibcVersion> glibc;
    bool is_wsl = false;
};

struct MachineQuery {
    Variables variables;
    std::filesystem::path probe; ///< envpm-gpuprobe
    MachineFolders folders{};
    std::chrono::milliseconds time_limit{3000}; ///< for all that is asked together
};

/// Files first, then the driver's library, NVML and at last nvidia-smi, each in a process with a
/// limit of its own, and only for what is not known yet. On a machine without a driver that is one
/// process of a few milliseconds. What variables say counts as it stands and is not asked for:
/// ENVPM_DRIVER, ENVPM_CUDA and ENVPM_GPUS (compute capabilities with commas between), then conda's
/// CONDA_OVERRIDE_CUDA, CONDA_OVERRIDE_CUDA_ARCH and CONDA_OVERRIDE_GLIBC (CEP 30, CEP 46); an
/// empty one says that there is none. Throws an Error naming the variable for any other text.
MachineFacts detect_machine(const MachineQuery& query);

} // namespace envpm::host
