#pragma once

#include "base/hash.h"
#include "base/relative_path.h"
#include "model/compute_capability.h"
#include "model/cuda_version.h"
#include "model/package_name.h"
#include "model/path_pattern.h"
#include "model/python.h"
#include "model/target.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace envpm {

/// The Python that a target was solved for. Of a host's, `version` is what the solve saw; an
/// interpreter of the same ABI serves the lock too.
struct LockedPython {
    PythonAbi abi;
    std::string version;     ///< "3.11.7"
    bool is_package = false; ///< it is one of the target's packages, not the host's

    bool operator==(const LockedPython&) const = default;
};

/// What a target's packages need of the machine's GPUs and driver: the least that does, not what
/// was asked for. Empty where nothing in it is for a GPU, or nothing is known.
struct LockedGpu {
    std::optional<DriverVersion> driver; ///< the least
    std::optional<CudaRuntime> cuda;     ///< the runtime that it brings, or was built for
    std::string cudnn;                   ///< the libraries' versions
    std::string nccl;
    std::vector<ComputeCapability> gpus;   ///< PyTorch has machine code for these; ascending
    std::vector<ComputeCapability> ptx;    ///< and code that the driver compiles, from these on
    std::optional<CudaVersion> ptx_cuda{}; ///< the oldest CUDA whose driver compiles that code
    std::optional<ComputeCapability> least_gpu{}; ///< what something in it asks for

    bool operator==(const LockedGpu&) const = default;
};

/// One machine of the lock.
struct LockedTarget {
    Target target;
    std::optional<LockedPython> python; ///< none: nothing in it is for Python
    Sha256 env;                         ///< of exactly what determines the prefix; names it
    std::optional<Sha256> contents;     ///< of the realised bytes, location-free; only when sealed
    LockedGpu gpu{};

    bool operator==(const LockedTarget&) const = default;
};

/// No lock has a larger archive, so one that an index claims is none (docs/lockfile.md).
inline constexpr std::uint64_t largest_archive_bytes = std::uint64_t{1} << 40U;

/// One archive of the lock. It names no mirror: source, file, size and sha256 find and prove it
/// anywhere.
struct LockedPackage {
    PackageName name;
    std::string version;
    std::string source; ///< the name of an index or a channel
    std::string file;   ///< "torch-2.9.1-cp312-cp312-manylinux_2_28_x86_64.whl"
    std::uint64_t size_bytes = 0;
    Sha256 sha256;
    std::vector<std::string> targets;      ///< sorted
    std::vector<PackageName> extras;       ///< chosen ones, sorted
    std::vector<std::string> dependencies; ///< "name" or "name specifier", sorted; for tree and why
    bool is_overridden = false;            ///< `[overrides]` replaced some of its dependencies
    std::string subdir{}; ///< of a conda package, its folder in the channel; empty for a wheel
    std::vector<PathPattern> wins{}; ///< where its file stands if others have another; sorted

    /// "torch 2.9.1", as people are told of it.
    [[nodiscard]] std::string label() const { return name.string() + " " + version; }

    [[nodiscard]] bool is_conda() const { return !subdir.empty(); }

    /// Whether one of its targets is called so.
    [[nodiscard]] bool is_for(const std::string& target) const {
        return std::find(targets.begin(), targets.end(), target) != targets.end();
    }

    bool operator==(const LockedPackage&) const = default;
};

/// envpm.lock.
struct Lock {
    Sha256 manifest;                     ///< of the normalised manifest
    std::vector<LockedTarget> targets;   ///< sorted by name
    std::vector<LockedPackage> packages; ///< sorted by name, version, file, targets

    bool operator==(const Lock&) const = default;
};

} // namespace envpm
