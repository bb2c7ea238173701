#include "locking/gpu_needs.h"

#include "model/code_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace envpm::locking {

namespace {

/// Whose recipes the table knows.
constexpr std::string_view known_channel = "conda-forge";

std::optional<CudaRuntime> runtime_of(const std::vector<LockedPackage>& packages);
std::string library_version(const std::vector<LockedPackage>& packages, std::string_view library);
std::optional<std::string> asked_of(const std::string& fact, const Resolution& resolution,
                                    const universe::PackageUniverse& universe);
void add_driver(LockedGpu& needs, const std::optional<CudaVersion>& asked, const gpu::Facts& facts);
std::optional<gpu::TorchVariant> torch_build(const Resolution& resolution,
                                             const universe::PackageUniverse& universe,
                                             Platform platform, universe::FactsTable& facts);
void add_torch(LockedGpu& needs, const gpu::TorchVariant& build);
void add_gpus(LockedGpu& needs, const gpu::TargetMachine& machine, const gpu::Facts& facts);
void raise(LockedGpu& needs, const std::optional<gpu::Cited<DriverVersion>>& least);
std::string gpu_words(const LockedGpu& gpu);

} // namespace

LockedGpu gpu_needs(const std::vector<LockedPackage>& packages, const Resolution& resolution,
                    const universe::PackageUniverse& universe, const gpu::TargetMachine& machine,
                    universe::FactsTable& facts) {
    LockedGpu needs;
    needs.cuda = runtime_of(packages);
    needs.cudnn = library_version(packages, "cudnn");
    needs.nccl = library_version(packages, "nccl");
    const auto cuda = asked_of("__cuda", resolution, universe);
    const auto least_gpu = asked_of("__cuda_arch", resolution, universe);
    needs.least_gpu = least_gpu ? ComputeCapability::parse(*least_gpu) : std::nullopt;
    const auto build = torch_build(resolution, universe, machine.platform, facts);
    if (build) {
        add_torch(needs, *build);
    }
    if (needs == LockedGpu() && !cuda) {
        return needs; // and the table need not be read
    }
    add_driver(needs, cuda ? CudaVersion::parse(*cuda) : std::nullopt, facts.get());
    add_gpus(needs, machine, facts.get());
    return needs;
}

gpu::PackageTraits traits_of(const LockedPackage& package) {
    if (!package.is_conda()) {
        return gpu::traits_of({gpu::World::wheel, package.name.string(), package.version});
    }
    const std::string file = package.file.substr(0, package.file.rfind('.'));
    const std::size_t dash = file.rfind('-');
    return gpu::traits_of(
        {gpu::World::conda, package.name.string(), package.version,
         dash == std::string::npos ? std::string_view() : std::string_view(file).substr(dash + 1)});
}

std::string describe_needs(const LockedTarget& target) {
    const LockedGpu& gpu = target.gpu;
    std::vector<std::string> parts;
    if (gpu.driver) {
        parts.push_back(fmt::format("driver >= {}{}", gpu.driver->text(),
                                    gpu.cuda ? fmt::format(" (CUDA {})", gpu.cuda->text()) : ""));
    } else if (gpu.cuda) {
        parts.push_back(fmt::format("a driver for CUDA {}", gpu.cuda->text()));
    }
    if (parts.empty()) {
        return {};
    }
    parts.push_back("glibc >= " + target.target.glibc.text());
    if (const std::string gpus = gpu_words(gpu); !gpus.empty()) {
        parts.push_back(gpus);
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

namespace {

/// They agree: the solve saw to that. Some name the major alone.
std::optional<CudaRuntime> runtime_of(const std::vector<LockedPackage>& packages) {
    std::optional<CudaRuntime> found;
    for (const LockedPackage& package : packages) {
        const auto runtime = traits_of(package).runtime;
        if (runtime && (!found || !found->minor)) {
            found = runtime;
        }
    }
    return found;
}

std::string library_version(const std::vector<LockedPackage>& packages, std::string_view library) {
    for (const LockedPackage& package : packages) {
        if (gpu::holds(traits_of(package), library)) {
            return package.version;
        }
    }
    return {};
}

/// Of what the target leaves open, the lowest that satisfies all packages is what was chosen.
std::optional<std::string> asked_of(const std::string& fact, const Resolution& resolution,
                                    const universe::PackageUniverse& universe) {
    const auto slot = universe.find_slot(fact);
    if (!slot || universe.candidates(*slot).size() == 1) {
        return std::nullopt;
    }
    for (const CandidateId id : resolution.chosen) {
        if (universe.candidate(id).slot == *slot) {
            return universe.candidate(id).version;
        }
    }
    return std::nullopt;
}

void add_driver(LockedGpu& needs, const std::optional<CudaVersion>& asked,
                const gpu::Facts& facts) {
    if (needs.cuda) {
        raise(needs, facts.least_driver(needs.cuda->major, gpu::DriverSystem::linux_kernel));
    }
    if (asked) {
        raise(needs, facts.least_driver(asked->major, gpu::DriverSystem::linux_kernel));
        if (asked->minor > 0) {
            raise(needs,
                  facts.least_driver(ToolkitVersion{*asked, -1}, gpu::DriverSystem::linux_kernel));
        }
    }
}

/// What the table knows of the build of PyTorch that was chosen; nothing of one for the processor.
std::optional<gpu::TorchVariant> torch_build(const Resolution& resolution,
                                             const universe::PackageUniverse& universe,
                                             Platform platform, universe::FactsTable& facts) {
    std::optional<gpu::Cited<gpu::TorchVariant>> build;
    for (const CandidateId id : resolution.chosen) {
        const Candidate& candidate = universe.candidate(id);
        const universe::CondaCandidate* const package = universe.package(id);
        const std::optional<CudaRuntime>& runtime = universe.runtime(id);
        if (package != nullptr && package->channel->name == known_channel) {
            const conda::Record& record = *package->record;
            const gpu::PackageLabel label{gpu::World::conda, record.name, candidate.version,
                                          record.build};
            const auto toolkit = gpu::traits_of(label).toolkit;
            build = gpu::is_torch(label) && toolkit
                        ? facts.get().conda_torch(candidate.version, *toolkit, platform)
                        : build;
        } else if (universe.wheel(id) != nullptr && runtime && runtime->minor &&
                   gpu::is_torch({gpu::World::wheel, universe.slot(candidate.slot).name, {}, {}})) {
            build = facts.get().torch_variant(
                candidate.version, fmt::format("cu{}{}", runtime->major, *runtime->minor),
                platform);
        }
    }
    return build ? std::optional(build->value) : std::nullopt;
}

void add_torch(LockedGpu& needs, const gpu::TorchVariant& build) {
    needs.gpus = build.sass;
    needs.ptx = build.ptx;
    if (!needs.ptx.empty()) {
        needs.ptx_cuda = build.cuda.cuda;
    }
    std::sort(needs.gpus.begin(), needs.gpus.end());
    std::sort(needs.ptx.begin(), needs.ptx.end());
}

/// What has code for fewer GPUs than PyTorch; and the driver that a declared GPU asks for if PTX
/// alone covers it.
void add_gpus(LockedGpu& needs, const gpu::TargetMachine& machine, const gpu::Facts& facts) {
    const auto least = facts.least_gpu_of_cudnn(needs.cudnn);
    if (least && least->citation.standing == gpu::Standing::rule &&
        (!needs.least_gpu || *needs.least_gpu < least->value)) {
        needs.least_gpu = least->value;
    }
    for (const ComputeCapability& gpu : machine.gpus.value_or(std::vector<ComputeCapability>())) {
        const bool is_native =
            std::any_of(needs.gpus.begin(), needs.gpus.end(),
                        [&](const auto& code) { return sass_runs_on(code, gpu); });
        const bool is_compiled =
            std::any_of(needs.ptx.begin(), needs.ptx.end(),
                        [&](const auto& code) { return ptx_suits(code, gpu); });
        if (!is_native && is_compiled && needs.ptx_cuda) {
            raise(needs, facts.least_driver(ToolkitVersion{*needs.ptx_cuda, -1},
                                            gpu::DriverSystem::linux_kernel));
        }
    }
}

void raise(LockedGpu& needs, const std::optional<gpu::Cited<DriverVersion>>& least) {
    if (least && (!needs.driver || *needs.driver < least->value)) {
        needs.driver = least->value;
    }
}

/// "GPU 7.5 to 12.0 and, with a driver for CUDA 12.9, from 12.0 on"; "GPU >= 7.5" where nothing is
/// known of PyTorch.
std::string gpu_words(const LockedGpu& gpu) {
    if (gpu.gpus.empty()) {
        return gpu.least_gpu ? "GPU >= " + gpu.least_gpu->text() : std::string();
    }
    const ComputeCapability first =
        gpu.least_gpu && gpu.gpus.front() < *gpu.least_gpu ? *gpu.least_gpu : gpu.gpus.front();
    std::string words = fmt::format("GPU {} to {}", first.text(), gpu.gpus.back().text());
    if (!gpu.ptx.empty()) {
        // PTX is for its own architecture and all after it.
        words += fmt::format(" and{} from {} on",
                             gpu.ptx_cuda
                                 ? fmt::format(", with a driver for CUDA {},", gpu.ptx_cuda->text())
                                 : std::string(" with PTX"),
                             gpu.ptx.front().text());
    }
    return words;
}

} // namespace

} // namespace envpm::locking
