#include "gpu/fitness.h"

#include "gpu/facts_coverage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace envpm::gpu {

namespace {

std::optional<std::string> fault_of_driver(const CudaVersion& runtime, const TargetMachine& machine,
                                           const Facts& facts);
std::optional<PtxVersion> loaded_ptx(const TargetMachine& machine, const Facts& facts);
std::string architectures(const TorchVariant& build);
std::string cited(const Citation& citation);

} // namespace

std::optional<std::string> fault_of_runtime(const CudaVersion& runtime,
                                            const TargetMachine& machine, const Facts& facts) {
    if (auto fault = fault_of_driver(runtime, machine, facts)) {
        return fault;
    }
    for (const ComputeCapability& gpu : machine.gpus.value_or(std::vector<ComputeCapability>())) {
        const auto support = facts.toolkits_for(gpu);
        if (support && support->value.last && *support->value.last < runtime &&
            support->citation.standing == Standing::rule) {
            return fmt::format("its libraries have no code for the GPU {} of target `{}`; CUDA {} "
                               "is the last that has {}",
                               gpu.text(), machine.target, support->value.last->text(),
                               cited(support->citation));
        }
    }
    return std::nullopt;
}

std::optional<std::string> fault_of_torch(std::string_view version, const CudaRuntime& runtime,
                                          const TargetMachine& machine, const Facts& facts) {
    if (!runtime.minor || !machine.gpus || machine.gpus->empty()) {
        return std::nullopt;
    }
    const std::string variant = fmt::format("cu{}{}", runtime.major, *runtime.minor);
    const auto build = facts.torch_variant(version, variant, machine.platform);
    if (!build || build->citation.standing != Standing::rule || build->value.sass.empty()) {
        return std::nullopt;
    }
    const auto driver_ptx = loaded_ptx(machine, facts);
    const DeviceCode code = code_of(build->value, facts);
    for (const ComputeCapability& gpu : *machine.gpus) {
        const Coverage coverage = coverage_of(code, gpu, driver_ptx);
        if (coverage == Coverage::none) {
            return fmt::format("its {} build has code for {}, and none for the GPU {} of target "
                               "`{}` {}",
                               variant, architectures(build->value), gpu.text(), machine.target,
                               cited(build->citation));
        }
        if (coverage == Coverage::newer_driver) {
            return fmt::format("its {} build has only PTX of CUDA {} for the GPU {} of target "
                               "`{}`, whose driver runs CUDA up to {} {}",
                               variant, build->value.cuda.cuda.text(), gpu.text(), machine.target,
                               machine.cuda ? machine.cuda->text() : "an older one",
                               cited(build->citation));
        }
    }
    return std::nullopt;
}

std::optional<std::string> fault_of_cudnn(std::string_view version, const TargetMachine& machine,
                                          const Facts& facts) {
    const auto least = facts.least_gpu_of_cudnn(version);
    if (!least || least->citation.standing != Standing::rule) {
        return std::nullopt;
    }
    for (const ComputeCapability& gpu : machine.gpus.value_or(std::vector<ComputeCapability>())) {
        if (gpu < least->value) {
            return fmt::format("it has no code for GPUs before {}, and target `{}` has one of {} "
                               "{}",
                               least->value.text(), machine.target, gpu.text(),
                               cited(least->citation));
        }
    }
    return std::nullopt;
}

std::optional<std::string> fault_of_build(Build build, const AskedAccelerator& accelerator) {
    if (build == Build::cpu && accelerator.value == Accelerator::cuda) {
        return "it is a build for the processor alone, and " + accelerator.reason;
    }
    if (build == Build::cuda && accelerator.value == Accelerator::cpu) {
        return "it is for CUDA, and " + accelerator.reason;
    }
    if (build == Build::other && accelerator.value != Accelerator::any) {
        return "it is for GPUs of another maker, and " + accelerator.reason;
    }
    return std::nullopt;
}

namespace {

/// Any minor version of a major runs on that major's least driver (minor version compatibility).
/// The newest CUDA that the driver runs says the same, and is a limit of its own where both are
/// told.
std::optional<std::string> fault_of_driver(const CudaVersion& runtime, const TargetMachine& machine,
                                           const Facts& facts) {
    const auto least = facts.least_driver(runtime.major, DriverSystem::linux_kernel);
    if (machine.driver && least && *machine.driver < least->value) {
        return fmt::format("CUDA {} needs a driver >= {}, and target `{}` has {} {}", runtime.major,
                           least->value.text(), machine.target, machine.driver->text(),
                           cited(least->citation));
    }
    if (machine.cuda && machine.cuda->major < runtime.major) {
        return fmt::format("the driver of target `{}` runs CUDA up to {}", machine.target,
                           machine.cuda->text());
    }
    return std::nullopt;
}

/// Nothing: the driver is open. One that no row knows loads no PTX that one could rely on.
std::optional<PtxVersion> loaded_ptx(const TargetMachine& machine, const Facts& facts) {
    if (!machine.cuda) {
        return machine.driver ? std::optional(PtxVersion{}) : std::nullopt;
    }
    const auto newest = facts.newest_ptx(*machine.cuda);
    return newest ? newest->value : PtxVersion{};
}

/// "5.0, 6.0, 9.0 and PTX 9.0".
std::string architectures(const TorchVariant& build) {
    std::vector<std::string> names;
    for (const ComputeCapability& capability : build.sass) {
        names.push_back(capability.text());
    }
    for (const ComputeCapability& capability : build.ptx) {
        names.push_back("PTX " + capability.text());
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

std::string cited(const Citation& citation) {
    return fmt::format("[{}]", citation.place());
}

} // namespace

} // namespace envpm::gpu
