#pragma once

#include "model/compute_capability.h"
#include "model/cuda_version.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::selftest {

/// What the libraries of a CUDA major take.
struct CudaMajor {
    int major = 0;
    DriverVersion least_driver;
    ComputeCapability least_capability; ///< the oldest that they know

    bool operator==(const CudaMajor&) const = default;
};

enum class CodeFit {
    runs,         ///< as machine code, or compiled from PTX
    newer_driver, ///< there is only PTX for it, which this driver cannot compile
    none,         ///< nothing for it
};

/// What the packages of a target ask of driver and GPUs (installing/selftest_needs.h).
struct Needs {
    bool uses_cuda = false; ///< else there is nothing to test
    std::string package;    ///< "torch 2.9.1+cu130": the one that the rest is taken from
    std::optional<int> cuda_major;
    std::optional<DriverVersion> least_driver;         ///< for that major, or as the lock says
    std::optional<ComputeCapability> least_capability; ///< the oldest that its libraries know

    std::vector<ComputeCapability> sass{}; ///< PyTorch has machine code for these
    std::vector<ComputeCapability> ptx{};  ///< and code that the driver compiles, from these on
    std::optional<CudaVersion> ptx_cuda{}; ///< the oldest CUDA whose driver compiles that code
    bool code_is_told = false; ///< a recipe names that code, which proves nothing: conda's PyTorch
    /// What something that is locked asks for.
    std::optional<ComputeCapability> locked_least{};
    std::vector<CudaMajor> majors{}; ///< all that are known, ascending

    /// The newest compiler that the environment brings for kernels made while a program runs, by
    /// NVRTC, Triton or Numba: "nvidia-cuda-nvrtc 13.0.88", and the CUDA whose PTX it writes.
    std::string compiler{};
    std::optional<CudaVersion> compiler_cuda{};

    /// What PyTorch's code does on such a GPU under a driver that runs CUDA up to `driver`; an open
    /// one counts as new enough. It runs if nothing is known of the code.
    [[nodiscard]] CodeFit fit(const ComputeCapability& device,
                              const std::optional<CudaVersion>& driver) const;

    /// The newest CUDA major whose libraries know such a GPU; nothing for one that is older than
    /// all.
    [[nodiscard]] std::optional<int> newest_cuda_for(const ComputeCapability& device) const;

    /// Drivers run every minor version of a CUDA major (minor version compatibility).
    [[nodiscard]] std::optional<CudaVersion> least_cuda() const {
        return cuda_major ? std::optional(CudaVersion{*cuda_major, 0}) : std::nullopt;
    }

    bool operator==(const Needs&) const = default;
};

} // namespace envpm::selftest
