// PyTorch and what is built with it: all of one build, and in versions that go together.

#include "base/assert.h"
#include "universe/gpu_dependencies.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace envpm::universe {

namespace {

using Rows = std::vector<gpu::Cited<gpu::TorchCompanions>>;

/// How the candidates of the slot are called.
constexpr std::array<std::string_view, 3> build_names = {"for the processor", "for CUDA",
                                                         "for GPUs of other makers"};

/// Whose builds of PyTorch's packages are those of the table.
constexpr std::string_view default_index = "pypi";

std::size_t index_of(gpu::Build build);
gpu::Build told_build(const ToldCuda& told);
std::optional<std::string> resting_on(const std::string& row, std::optional<std::string> fault);
std::optional<gpu::Cited<int>> default_cuda_major(const Rows& rows, const gpu::Facts& facts);

} // namespace

void GpuDependencies::add_torch_dependencies(CandidateEntry& entry, gpu::Build build,
                                             const ToldCuda& told) {
    const gpu::PackageLabel label = label_of(entry);
    if (gpu::is_torch(label)) {
        std::string why;
        if (build == gpu::Build::unknown && told.names_cuda) {
            build = told_build(told);
        } else if (build == gpu::Build::unknown && is_of_default_index(entry)) {
            build = gpu::Build::cuda;
            why = add_default_runtime(entry);
        }
        entry.mark_unfit(resting_on(why, judge_.fault_of_torch(build)));
    }
    if (build != gpu::Build::unknown) {
        entry.dependencies.push_back({on_torch_build(build, {}), std::nullopt});
    }
    if (label.world == gpu::World::conda || request_.facts == nullptr) {
        return; // a recipe says itself what it goes with
    }
    if (!gpu::is_torch(label)) {
        add_companion_dependencies(entry, build, told);
    } else if (build == gpu::Build::cuda && !told.names_triton) {
        add_triton_dependency(entry);
    }
}

/// The builds of PyTorch's packages for this processor, of which the table tells the CUDA.
bool GpuDependencies::is_of_default_index(const CandidateEntry& entry) {
    const SlotEntry& slot = tables_.at(entry.candidate.slot);
    return entry.package == nullptr && request_.target.platform == Platform::linux_64 &&
           listings_.find(*slot.name).origin(*slot.list.wheels[entry.index].file).name ==
               default_index;
}

/// Of a wheel of PyTorch there that does not tell its CUDA itself: the table's. The row that it
/// rests on, to stand behind a text; empty if the table does not know the release.
std::string GpuDependencies::add_default_runtime(CandidateEntry& entry) {
    const gpu::PackageLabel label = label_of(entry);
    const auto release = request_.facts == nullptr
                             ? std::nullopt
                             : request_.facts->get().torch_release(label.version);
    if (!release || release->citation.standing != gpu::Standing::rule) {
        return {};
    }
    entry.runtime =
        gpu::traits_of({gpu::World::wheel, "torch", "0+" + release->value.pypi_default}).runtime;
    if (entry.runtime) {
        entry.mark_unfit(judge_.fault_of(label, *entry.runtime));
        entry.dependencies.push_back({on_cuda(*entry.runtime), std::nullopt});
    }
    return fmt::format(" [{}]", release->citation.place());
}

/// Of torchvision and torchaudio: with which versions of PyTorch, where the wheel does not say it;
/// and if its own does not tell its build, what the table says of the default index.
void GpuDependencies::add_companion_dependencies(CandidateEntry& entry, gpu::Build build,
                                                 const ToldCuda& told) {
    const SlotEntry& slot = tables_.at(entry.candidate.slot);
    const bool is_default = build == gpu::Build::unknown && is_of_default_index(entry);
    if (told.pins_torch && !is_default) {
        return;
    }
    const gpu::Facts& facts = request_.facts->get();
    const Rows rows = facts.companions(slot.name->string(), entry.candidate.version);
    if (rows.empty() || rows.front().citation.standing != gpu::Standing::rule) {
        return;
    }
    if (!told.pins_torch) {
        // The last release of a companion goes with all later ones of PyTorch.
        const std::string specifiers = (rows.size() == 1 ? "==" : ">=") + rows.front().value.torch;
        entry.dependencies.push_back({requirements_.on_cited(*PackageName::parse("torch"),
                                                             specifiers, rows.front().citation),
                                      std::nullopt});
    }
    const auto major = is_default ? default_cuda_major(rows, facts) : std::nullopt;
    if (major) {
        entry.dependencies.push_back(
            {on_torch_build(gpu::Build::cuda, major->citation.place()), std::nullopt});
        entry.dependencies.push_back({on_cuda({major->value, std::nullopt}), std::nullopt});
    }
}

/// A wheel of PyTorch that does not name triton.
void GpuDependencies::add_triton_dependency(CandidateEntry& entry) {
    const std::optional<CudaRuntime>& runtime = entry.runtime;
    if (!runtime || !runtime->minor) {
        return;
    }
    const auto row = request_.facts->get().torch_variant(
        entry.candidate.version, fmt::format("cu{}{}", runtime->major, *runtime->minor),
        request_.target.platform);
    if (!row || row->citation.standing != gpu::Standing::rule) {
        return;
    }
    const gpu::TorchVariant& build = row->value;
    const std::string specifiers = !build.triton_range.empty() ? build.triton_range
                                   : !build.triton.empty()     ? "==" + build.triton
                                                               : std::string();
    if (!specifiers.empty()) {
        entry.dependencies.push_back(
            {requirements_.on_cited(*PackageName::parse("triton"), specifiers, row->citation),
             std::nullopt});
    }
}

/// `why`: the row that it rests on, if it is not the package itself that says so.
RequirementId GpuDependencies::on_torch_build(gpu::Build build, const std::string& why) {
    const std::string name = "PyTorch's packages";
    const SlotId slot = fact_slot(name, build_names);
    const std::size_t index = index_of(build);
    return requirements_.on_fact(tables_.at(slot).candidates[index],
                                 fmt::format("{} {}{}", name, build_names[index],
                                             why.empty() ? "" : fmt::format(" [{}]", why)));
}

namespace {

/// Into the names of the builds.
std::size_t index_of(gpu::Build build) {
    ENVPM_ASSERT(build != gpu::Build::unknown);
    return build == gpu::Build::cpu ? 0 : build == gpu::Build::cuda ? 1 : 2;
}

/// Of a wheel that names packages for CUDA.
gpu::Build told_build(const ToldCuda& told) {
    return told.needs_cuda ? gpu::Build::cuda : gpu::Build::cpu;
}

std::optional<std::string> resting_on(const std::string& row, std::optional<std::string> fault) {
    return fault ? std::optional(*fault + row) : std::nullopt;
}

/// The major of CUDA of the default index's builds, if those of all the rows' releases agree.
std::optional<gpu::Cited<int>> default_cuda_major(const Rows& rows, const gpu::Facts& facts) {
    std::optional<gpu::Cited<int>> major;
    for (const auto& row : rows) {
        const auto release = facts.torch_release(row.value.torch);
        const auto runtime =
            release
                ? gpu::traits_of({gpu::World::wheel, "torch", "0+" + release->value.pypi_default})
                      .runtime
                : std::nullopt;
        if (!runtime || release->citation.standing != gpu::Standing::rule ||
            (major && major->value != runtime->major)) {
            return std::nullopt;
        }
        major = {runtime->major, release->citation};
    }
    return major;
}

} // namespace

} // namespace envpm::universe
