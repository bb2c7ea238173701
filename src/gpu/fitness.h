#pragma once

#include "gpu/facts.h"
#include "gpu/package_traits.h"
#include "model/gpu_policy.h"
#include "model/target.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::gpu {

/// What is known of the machine that an environment is for. Nothing means open.
struct TargetMachine {
    std::string target; ///< its name, for messages
    Platform platform = Platform::linux_64;
    std::optional<DriverVersion> driver;
    std::optional<CudaVersion> cuda;                    ///< the newest that the driver runs
    std::optional<std::vector<ComputeCapability>> gpus; ///< ascending; empty: there is none
    AskedAccelerator accelerator = {};
};

// Why something cannot be in an environment for a machine: a text that names the facts and their
// rows, or nothing if no fact speaks against it. What rests on evidence only forbids nothing.

/// A CUDA runtime: its driver must run it, and its libraries must have code for the GPUs.
std::optional<std::string> fault_of_runtime(const CudaVersion& runtime,
                                            const TargetMachine& machine, const Facts& facts);

/// A build of PyTorch: it must have code for every GPU, and PTX that it depends on must be known to
/// the driver. `version` as the package has it.
std::optional<std::string> fault_of_torch(std::string_view version, const CudaRuntime& runtime,
                                          const TargetMachine& machine, const Facts& facts);

/// cuDNN: it must have code for every GPU.
std::optional<std::string> fault_of_cudnn(std::string_view version, const TargetMachine& machine,
                                          const Facts& facts);

/// A build against what is asked for.
std::optional<std::string> fault_of_build(Build build, const AskedAccelerator& accelerator);

} // namespace envpm::gpu
