#pragma once

#include "gpu/facts.h"
#include "gpu/facts_coverage.h"

#include <optional>
#include <vector>

namespace envpm::gpu {

/// What is known of a machine with GPUs; what is not known forbids nothing.
struct Machine {
    std::optional<DriverVersion> driver;
    DriverSystem system = DriverSystem::linux_kernel;
    std::vector<ComputeCapability> gpus; ///< all of them must be covered
};

/// Whether a build of PyTorch runs on a machine, and if not, what is in the way.
struct Fit {
    enum class Verdict {
        fits,
        compiles, ///< fits, but the driver compiles each kernel for `gpu` before its first use
        driver_too_old, ///< for the runtime of the build's CUDA, or to drive `gpu` at all
        ptx_too_new,    ///< only PTX would serve `gpu`, and the driver does not load it
        no_code,        ///< nothing in it runs on `gpu`, with any driver
    };

    Verdict verdict = Verdict::fits;
    std::optional<Cited<DriverVersion>> least_driver; ///< the one that would do, where it is known
    std::optional<ComputeCapability> gpu;             ///< the one of the machine that matters
};

/// By the rows alone: what they do not know is not held against the build. PTX that is only claimed
/// does not count.
Fit fit(const Facts& facts, const TorchVariant& build, const Machine& machine);

} // namespace envpm::gpu
