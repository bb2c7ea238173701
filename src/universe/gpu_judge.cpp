#include "universe/gpu_judge.h"

namespace envpm::universe {

std::optional<std::string> GpuJudge::fault_of(const gpu::PackageLabel& label) const {
    if (machine_.accelerator.value == Accelerator::any && !has_gpus()) {
        return std::nullopt; // most environments: nothing to tell, and many candidates
    }
    const gpu::PackageTraits traits = gpu::traits_of(label);
    if (auto fault = gpu::fault_of_build(traits.build, machine_.accelerator)) {
        return fault;
    }
    if (facts_ != nullptr && has_gpus() && gpu::holds(traits, "cudnn")) {
        return gpu::fault_of_cudnn(label.version, machine_, facts_->get());
    }
    return traits.runtime ? fault_of(label, *traits.runtime) : std::nullopt;
}

std::optional<std::string> GpuJudge::fault_of(const gpu::PackageLabel& label,
                                              const CudaRuntime& runtime) const {
    const bool is_torch = label.world == gpu::World::wheel && label.name == "torch";
    if (facts_ == nullptr || !has_gpus() || !is_torch) {
        return std::nullopt;
    }
    return gpu::fault_of_torch(label.version, runtime, machine_, facts_->get());
}

std::optional<std::string> GpuJudge::fault_of_torch(gpu::Build build) const {
    if (build == gpu::Build::unknown && machine_.accelerator.value == Accelerator::cuda) {
        return "nothing tells that it is a build for CUDA, and " + machine_.accelerator.reason;
    }
    return gpu::fault_of_build(build, machine_.accelerator);
}

std::optional<std::string> GpuJudge::fault_of(const CudaVersion& runtime) const {
    const bool is_declared = machine_.driver || machine_.cuda || has_gpus();
    return facts_ != nullptr && is_declared
               ? gpu::fault_of_runtime(runtime, machine_, facts_->get())
               : std::nullopt;
}

} // namespace envpm::universe
