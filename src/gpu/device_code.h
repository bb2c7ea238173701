#pragma once

#include "model/compute_capability.h"
#include "model/cuda_version.h"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace envpm::gpu {

enum class CodeKind {
    sass, ///< machine code, a cubin
    ptx,  ///< text that the driver compiles
};

/// One piece of device code: what it is compiled for.
struct Image {
    CodeKind kind = CodeKind::sass;
    ComputeCapability capability; ///< with its suffix
    PtxVersion ptx;               ///< of PTX

    /// "sm_90a", "compute_120".
    [[nodiscard]] std::string text() const;

    auto operator<=>(const Image&) const = default;
};

/// Whether a GPU runs it; PTX, if its driver is new enough (model/code_rules.h).
bool runs_on(const Image& image, ComputeCapability gpu);

/// How much of a file's device code a GPU can use, in containers: each holds the same kernels for
/// several GPUs.
struct CodeCoverage {
    std::uint64_t runnable = 0; ///< there is machine code for it
    std::uint64_t jit = 0;      ///< only PTX that its driver must compile
    std::uint64_t none = 0;
    std::uint64_t missed = 0; ///< of `none`, those that are registered
    PtxVersion newest_ptx;    ///< that its driver must understand, for those of `jit`
};

/// All device code of one file.
struct BinaryCode {
    /// How many images there are, of all that nvcc registers (section `.nv_fatbin`) and of those in
    /// ordinary data, which the library itself loads.
    struct Count {
        std::uint64_t registered = 0;
        std::uint64_t loose = 0;

        bool operator==(const Count&) const = default;
    };

    std::map<Image, Count> images;
    /// What a container holds, each image once, and how many hold just that. Those without kernels
    /// are left out: nvcc writes one for each source.
    std::map<std::vector<Image>, Count> containers;

    [[nodiscard]] bool empty() const { return images.empty(); }

    [[nodiscard]] std::uint64_t container_count() const;

    /// Whether most containers are registered, and each of those has at least what the commonest
    /// one has: the build compiled everything for the same GPUs, so that what lacks in one is
    /// missed. In others kernels are made for some GPUs on purpose, with alternatives.
    [[nodiscard]] bool is_homogeneous() const;

    /// Whether all of it is for single GPUs or families (`a`, `f`): made for those and no others.
    [[nodiscard]] bool is_special() const;

    [[nodiscard]] CodeCoverage coverage(ComputeCapability gpu) const;

    bool operator==(const BinaryCode&) const = default;
};

/// Whether code that a driver with that CUDA version compiles may be of that PTX version (PTX ISA,
/// "Release Notes"; from 13.0 on the numbers go together).
bool understands(CudaVersion driver, PtxVersion ptx);

/// The first CUDA whose compiler writes that version of PTX: who has such code was built with it.
/// Nothing for one before all that are known.
std::optional<CudaVersion> cuda_of(PtxVersion ptx);

} // namespace envpm::gpu
