#pragma once

#include "gpu/package_traits.h"
#include "universe/gpu_machine.h"

#include <optional>
#include <string>

namespace envpm::universe {

/// What speaks against a candidate on one target: why, or nothing. Loads the facts table only if
/// the target declares what they could speak of.
class GpuJudge {
  public:
    /// `facts`: null if no fact is to forbid anything.
    GpuJudge(gpu::TargetMachine machine, FactsTable* facts)
        : machine_(std::move(machine)),
          facts_(facts) {}

    /// The newest CUDA of the target's driver.
    [[nodiscard]] const std::optional<CudaVersion>& driver_cuda() const { return machine_.cuda; }

    /// By its name alone, so that nothing has to be fetched of what does not fit.
    [[nodiscard]] std::optional<std::string> fault_of(const gpu::PackageLabel& label) const;

    /// By the CUDA that its dependencies tell.
    [[nodiscard]] std::optional<std::string> fault_of(const gpu::PackageLabel& label,
                                                      const CudaRuntime& runtime) const;

    /// Of PyTorch, by its build, once its dependencies have told it where its name does not.
    [[nodiscard]] std::optional<std::string> fault_of_torch(gpu::Build build) const;

    /// Of a version of CUDA.
    [[nodiscard]] std::optional<std::string> fault_of(const CudaVersion& runtime) const;

  private:
    [[nodiscard]] bool has_gpus() const { return machine_.gpus && !machine_.gpus->empty(); }

    gpu::TargetMachine machine_;
    FactsTable* facts_;
};

} // namespace envpm::universe
