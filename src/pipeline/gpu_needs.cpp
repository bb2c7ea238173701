#include "pipeline/gpu_needs.h"

#include "gpu/package_traits.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace envpm::pipeline {

namespace {

gpu::PackageTraits traits_of(const LockedPackage& package);
std::optional<CudaVersion> runtime_of(const std::vector<LockedPackage>& packages);
std::string library_version(const std::vector<LockedPackage>& packages, std::string_view library);
std::optional<CudaVersion> asked_of_driver(const Resolution& resolution,
                                           const PackageUniverse& universe);
void add_driver(LockedGpu& needs, const std::optional<CudaVersion>& asked, FactsTable& facts);
void add_torch(LockedGpu& needs, const std::vector<LockedPackage>& packages, const Target& target,
               FactsTable& facts);

} // namespace

LockedGpu gpu_needs(const std::vector<LockedPackage>& packages, const Resolution& resolution,
                    const PackageUniverse& universe, const Target& target, FactsTable& facts) {
    LockedGpu needs;
    needs.cuda = runtime_of(packages);
    const std::optional<CudaVersion> asked = asked_of_driver(resolution, universe);
    if (!needs.cuda && !asked) {
        return needs;
    }
    needs.cudnn = library_version(packages, "cudnn");
    needs.nccl = library_version(packages, "nccl");
    add_driver(needs, asked, facts);
    add_torch(needs, packages, target, facts);
    return needs;
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
    if (!gpu.gpus.empty()) {
        // PTX is for its own architecture and all after it.
        parts.push_back(fmt::format("GPU {} {}", gpu.gpus.front().text(),
                                    gpu.ptx.empty() ? "to " + gpu.gpus.back().text()
                                                    : std::string("or later")));
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

namespace {

gpu::PackageTraits traits_of(const LockedPackage& package) {
    return gpu::traits_of({package.is_conda() ? gpu::World::conda : gpu::World::wheel,
                           package.name.string(), package.version});
}

/// They agree: the solve saw to that. Some name the major alone.
std::optional<CudaVersion> runtime_of(const std::vector<LockedPackage>& packages) {
    for (const LockedPackage& package : packages) {
        const auto runtime = traits_of(package).runtime;
        if (runtime && runtime->minor) {
            return CudaVersion{runtime->major, *runtime->minor};
        }
    }
    return std::nullopt;
}

std::string library_version(const std::vector<LockedPackage>& packages, std::string_view library) {
    for (const LockedPackage& package : packages) {
        const auto held = traits_of(package).library;
        if (held && held->name == library) {
            return package.version;
        }
    }
    return {};
}

/// The lowest that satisfies all of them is what was chosen, unless the target declares it.
std::optional<CudaVersion> asked_of_driver(const Resolution& resolution,
                                           const PackageUniverse& universe) {
    const auto slot = universe.find_slot("__cuda");
    if (!slot || universe.candidates(*slot).size() == 1) {
        return std::nullopt;
    }
    for (const CandidateId id : resolution.chosen) {
        if (universe.candidate(id).slot == *slot) {
            return CudaVersion::parse(universe.candidate(id).version);
        }
    }
    return std::nullopt;
}

void add_driver(LockedGpu& needs, const std::optional<CudaVersion>& asked, FactsTable& facts) {
    const auto raise = [&needs](const std::optional<gpu::Cited<DriverVersion>>& least) {
        if (least && (!needs.driver || *needs.driver < least->value)) {
            needs.driver = least->value;
        }
    };
    if (needs.cuda) {
        raise(facts.get().least_driver(needs.cuda->major, gpu::DriverSystem::linux_kernel));
    }
    if (asked) {
        raise(facts.get().least_driver(asked->major, gpu::DriverSystem::linux_kernel));
        if (asked->minor > 0) {
            raise(facts.get().least_driver(ToolkitVersion{*asked, -1},
                                           gpu::DriverSystem::linux_kernel));
        }
    }
}

void add_torch(LockedGpu& needs, const std::vector<LockedPackage>& packages, const Target& target,
               FactsTable& facts) {
    const auto torch = std::find_if(packages.begin(), packages.end(), [](const auto& package) {
        return !package.is_conda() && package.name.string() == "torch";
    });
    if (torch == packages.end() || !needs.cuda) {
        return;
    }
    const auto build = facts.get().torch_variant(
        torch->version, fmt::format("cu{}{}", needs.cuda->major, needs.cuda->minor),
        target.platform);
    if (build) {
        needs.gpus = build->value.sass;
        needs.ptx = build->value.ptx;
        std::sort(needs.gpus.begin(), needs.gpus.end());
        std::sort(needs.ptx.begin(), needs.ptx.end());
    }
}

} // namespace

} // namespace envpm::pipeline
