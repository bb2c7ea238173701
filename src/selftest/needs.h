#pragma once

#include "model/compute_capability.h"
#include "model/cuda_version.h"
#include "model/lock.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::selftest {

/// What the packages of a target ask of driver and GPUs.
struct Needs {
    bool uses_cuda = false; ///< else there is nothing to test
    std::string package;    ///< "torch 2.9.1+cu130": the one that the rest is taken from
    std::optional<int> cuda_major;
    std::string least_driver;                          ///< for that major: "580.65.06"
    std::optional<ComputeCapability> least_capability; ///< the oldest that its libraries know

    /// Drivers run every minor version of a CUDA major (minor version compatibility).
    [[nodiscard]] std::optional<CudaVersion> least_cuda() const {
        return cuda_major ? std::optional(CudaVersion{*cuda_major, 0}) : std::nullopt;
    }

    bool operator==(const Needs&) const = default;
};

/// Read from names, versions and file names alone: NVIDIA's wheels that hold libraries, wheels and
/// conda packages that are built for a CUDA version. Of several majors the newest counts. Pure.
Needs needs_of(const std::vector<LockedPackage>& packages);

/// The newest CUDA major whose libraries know such a GPU; nothing for one that is older than all.
std::optional<int> newest_cuda_for(const ComputeCapability& capability);

} // namespace envpm::selftest
