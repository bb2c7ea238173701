#pragma once

#include "gpu/package_traits.h"
#include "universe/gpu_judge.h"
#include "universe/told_cuda.h"
#include "universe/universe_request.h"
#include "universe/universe_requirements.h"
#include "universe/universe_tables.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::universe {

/// What GPUs add to one universe (docs/gpu.md): a slot for the CUDA that the environment runs, one
/// for each library that several packages bring, one for the build of PyTorch's packages; on these
/// the candidates depend. And which candidates the target cannot run.
class GpuDependencies {
  public:
    /// Makes the slot of CUDA with all its versions. All that is passed outlives this.
    GpuDependencies(const UniverseRequest& request, Listings& listings, UniverseTables& tables,
                    UniverseRequirements& requirements);

    /// "CUDA", whose candidates are its versions.
    [[nodiscard]] SlotId runtime_slot() const { return runtime_slot_; }

    /// What `[gpu]` of the manifest limits, whoever supplies it.
    [[nodiscard]] std::vector<RequirementId> limits();

    /// Marks the candidate as unfit if its name alone tells that the target cannot run it.
    void judge(CandidateEntry& entry) const;

    /// Of a candidate that is being described: its CUDA, that it is the one that brings a library,
    /// and which builds of PyTorch it goes with. `told`: what its requirements tell.
    void add_to(CandidateEntry& entry, const ToldCuda& told);

  private:
    void add_library_limits(const GpuPinRequest& pin, std::string_view library,
                            std::vector<RequirementId>& limits);
    RequirementId on_supplier(const gpu::Library& library);
    RequirementId on_cuda(const CudaRuntime& runtime);
    RequirementId on_torch_build(gpu::Build build, const std::string& why);
    SlotId fact_slot(const std::string& name, std::span<const std::string_view> values);
    void add_torch_dependencies(CandidateEntry& entry, gpu::Build build, const ToldCuda& told);
    void add_companion_dependencies(CandidateEntry& entry, gpu::Build build, const ToldCuda& told);
    void add_triton_dependency(CandidateEntry& entry);
    bool is_of_default_index(const CandidateEntry& entry);
    std::string add_default_runtime(CandidateEntry& entry);
    [[nodiscard]] gpu::PackageLabel label_of(const CandidateEntry& entry) const;

    const UniverseRequest& request_;
    GpuJudge judge_;
    Listings& listings_;
    UniverseTables& tables_;
    UniverseRequirements& requirements_;
    SlotId runtime_slot_{};
};

} // namespace envpm::universe
