#pragma once

#include "gpu/facts.h"
#include "model/compute_capability.h"
#include "model/cuda_version.h"

#include <optional>
#include <vector>

namespace envpm::gpu {

/// PTX that a library brings: for which architecture it was written, in which version of the
/// language.
struct PtxCode {
    ComputeCapability target;
    PtxVersion version;
};

/// What a library, or all libraries of a package together, were built for.
struct DeviceCode {
    std::vector<ComputeCapability> sass;
    std::vector<PtxCode> ptx;
};

/// A build's PTX is of its own toolkit. PTX of one that no row knows counts as the oldest: what is
/// not known forbids nothing.
DeviceCode code_of(const TorchVariant& build, const Facts& facts);

enum class Coverage {
    native,       ///< machine code for the device
    compiled,     ///< the driver compiles it from PTX when it is first used
    newer_driver, ///< the driver would have to, but does not know that PTX
    none,         ///< "no kernel image is available for execution on the device"
};

/// The best that the code does on the device. `driver_ptx` is the newest PTX that the driver loads;
/// none means that the driver is not known, and counts as new enough.
Coverage coverage_of(const DeviceCode& code, const ComputeCapability& device,
                     const std::optional<PtxVersion>& driver_ptx);

} // namespace envpm::gpu
