#pragma once

#include "base/source_location.h"
#include "model/cuda_version.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm {

/// What builds a solution may hold.
enum class Accelerator {
    any,  ///< whatever the sources offer
    cuda, ///< no build for the processor alone of what has CUDA builds
    cpu,  ///< nothing for CUDA
};

constexpr std::string_view to_text(Accelerator accelerator) {
    return accelerator == Accelerator::cuda  ? "cuda"
           : accelerator == Accelerator::cpu ? "cpu"
                                             : "any";
}

/// What a target's builds are to be for, and who says so, for messages: "target `a` declares GPUs".
struct AskedAccelerator {
    Accelerator value = Accelerator::any;
    std::string reason;
    bool is_wish = false; ///< gives way where nothing else fits
};

/// What a failed self-test does to an activation, or an audit with an error to an install: it is
/// told, it stops the command, or it is not looked for.
enum class CheckPolicy { warn, strict, off };

/// A pin of `[gpu]` as written: "12.8", "9.*", ">=12.4,<13".
struct GpuPin {
    std::string text;
    SourceLocation location;
};

/// `[gpu]`: what holds for every target.
struct GpuPolicy {
    std::optional<Accelerator> accelerator; ///< unset: each target's declarations tell it
    std::optional<GpuPin> cuda;             ///< the runtime's version
    std::optional<GpuPin> cudnn;
    std::optional<GpuPin> nccl;
    bool chooses_torch_variants = false; ///< `torch-variants = "auto"`
    CheckPolicy self_test = CheckPolicy::warn;
    CheckPolicy audit = CheckPolicy::warn;
    /// `audit-allow`: file names and sonames that are never a finding of an audit.
    std::vector<std::string> audit_allow = {};
};

/// What `[targets.X]` declares of a machine's GPUs. What is absent is left open.
struct DeclaredGpu {
    std::optional<DriverVersion> driver; ///< the kernel's
    SourceLocation driver_location;
    std::optional<CudaVersion> cuda; ///< the newest that its driver library runs
    /// Compute capabilities or product names; empty: the machine has none.
    std::optional<std::vector<std::string>> gpus;
    SourceLocation gpus_location;
    std::optional<Accelerator> accelerator; ///< in place of `[gpu]`'s
};

} // namespace envpm
