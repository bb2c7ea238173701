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
    std::string least_driver; ///< for that major, or as the lock says: "580.65.06"
    std::optional<ComputeCapability> least_capability; ///< the oldest that its libraries know

    std::vector<ComputeCapability> sass{}; ///< PyTorch has machine code for these
    std::vector<ComputeCapability> ptx{};  ///< and code that the driver compiles, from these on

    /// Whether PyTorch has code for such a GPU; true if nothing is known of it. Machine code for
    /// X.y runs on X.z from y on, with `a` on X.y alone; PTX on whatever is not older.
    [[nodiscard]] bool covers(const ComputeCapability& device) const;

    /// Drivers run every minor version of a CUDA major (minor version compatibility).
    [[nodiscard]] std::optional<CudaVersion> least_cuda() const {
        return cuda_major ? std::optional(CudaVersion{*cuda_major, 0}) : std::nullopt;
    }

    bool operator==(const Needs&) const = default;
};

/// Read from names, versions and file names: NVIDIA's wheels that hold libraries, wheels and conda
/// packages that are built for a CUDA version; of several majors the newest counts. What the lock
/// says itself of driver and GPUs counts more. Pure.
Needs needs_of(const std::vector<LockedPackage>& packages, const LockedGpu& locked = {});

/// The newest CUDA major whose libraries know such a GPU; nothing for one that is older than all.
std::optional<int> newest_cuda_for(const ComputeCapability& capability);

} // namespace envpm::selftest
