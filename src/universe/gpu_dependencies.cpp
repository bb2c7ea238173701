#include "universe/gpu_dependencies.h"

#include "base/assert.h"

#include <fmt/format.h>

#include <array>

namespace envpm::universe {

namespace {

/// Where the libraries that `[gpu]` pins come from.
struct PinnedLibrary {
    std::string_view name;
    std::array<std::string_view, 4> wheels;
    std::array<std::string_view, 2> conda;
};

constexpr std::array<PinnedLibrary, 2> pinned_libraries = {{
    {"cudnn",
     {"nvidia-cudnn-cu11", "nvidia-cudnn-cu12", "nvidia-cudnn-cu13", "nvidia-cudnn"},
     {"cudnn", "libcudnn"}},
    {"nccl",
     {"nvidia-nccl-cu11", "nvidia-nccl-cu12", "nvidia-nccl-cu13", "nvidia-nccl"},
     {"nccl", ""}},
}};

std::vector<CudaVersion> runtimes(const std::optional<CudaVersion>& of_driver);
std::string conda_text(const pypi::SpecifierSet& specifiers);
std::string supplier_text(const gpu::Library& library);

} // namespace

GpuDependencies::GpuDependencies(const UniverseRequest& request, Listings& listings,
                                 UniverseTables& tables, UniverseRequirements& requirements)
    : request_(request),
      judge_(request.machine, request.facts),
      listings_(listings),
      tables_(tables),
      requirements_(requirements),
      runtime_slot_(tables.make_slot({{"CUDA"}, SlotKind::fact, {}, {}, true})) {
    const std::vector<CudaVersion> versions = runtimes(judge_.driver_cuda());
    for (std::size_t i = 0; i < versions.size(); ++i) {
        const auto release = static_cast<std::uint32_t>(versions.size() - 1 - i);
        CandidateEntry& entry =
            tables.at(tables.add_candidate(runtime_slot_, versions[i].text(), release, i));
        entry.is_described = true;
        entry.problem = judge_.fault_of(versions[i]).value_or("");
    }
}

std::vector<RequirementId> GpuDependencies::limits() {
    const GpuRequests& gpu = request_.requests.gpu;
    std::vector<RequirementId> out;
    if (gpu.cuda) {
        const pypi::SpecifierSet& versions = gpu.cuda->specifiers;
        out.push_back(requirements_.on_fact(runtime_slot_, versions, RequirementKind::constrains,
                                            "CUDA " + versions.text()));
        tables_.at(out.back()).asked.pin = &*gpu.cuda;
    }
    if (gpu.cudnn) {
        add_library_limits(*gpu.cudnn, "cudnn", out);
    }
    if (gpu.nccl) {
        add_library_limits(*gpu.nccl, "nccl", out);
    }
    return out;
}

void GpuDependencies::add_library_limits(const GpuPinRequest& pin, std::string_view library,
                                         std::vector<RequirementId>& limits) {
    const auto add = [&](RequirementId requirement) {
        tables_.at(requirement).asked.pin = &pin;
        limits.push_back(requirement);
    };
    for (const PinnedLibrary& known : pinned_libraries) {
        if (known.name != library) {
            continue;
        }
        for (const std::string_view name : known.wheels) {
            add(requirements_.on_distribution(*PackageName::parse(name), pin.specifiers,
                                              RequirementKind::constrains));
        }
        for (const std::string_view name : known.conda) {
            if (requirements_.has_channels() && !name.empty()) {
                const std::string text = fmt::format("{} {}", name, conda_text(pin.specifiers));
                add(requirements_.on_spec(conda::MatchSpec::parse(text), text,
                                          RequirementKind::constrains));
            }
        }
    }
}

/// One slot for each library, made when the first package brings it.
RequirementId GpuDependencies::on_supplier(const gpu::Library& library) {
    const SlotId slot = fact_slot(library.name + " libraries", gpu::library_suppliers);
    for (const CandidateId id : tables_.at(slot).candidates) {
        if (tables_.at(id).candidate.version == library.supplier) {
            return requirements_.on_fact(id, supplier_text(library));
        }
    }
    ENVPM_ASSERT(false); // package_traits.h names every supplier
    return {};
}

/// A slot with a candidate for each of these, in their order; made if need be.
SlotId GpuDependencies::fact_slot(const std::string& name,
                                  std::span<const std::string_view> values) {
    if (const auto known = tables_.find_slot(name)) {
        return *known;
    }
    const SlotId slot = tables_.make_slot({{name}, SlotKind::fact, {}, {}, true});
    for (const std::string_view value : values) {
        tables_.at(tables_.add_candidate(slot, std::string(value), 0, 0)).is_described = true;
    }
    return slot;
}

gpu::PackageLabel GpuDependencies::label_of(const CandidateEntry& entry) const {
    const SlotEntry& slot = tables_.at(entry.candidate.slot);
    if (entry.package != nullptr) {
        const conda::Record& record = *entry.package->record;
        return {gpu::World::conda, record.name, entry.candidate.version, record.build};
    }
    return {gpu::World::wheel, slot.name->string(), entry.candidate.version, {}};
}

void GpuDependencies::judge(CandidateEntry& entry) const {
    entry.mark_unfit(judge_.fault_of(label_of(entry)));
}

void GpuDependencies::add_to(CandidateEntry& entry, const ToldCuda& told) {
    const gpu::PackageLabel label = label_of(entry);
    const gpu::PackageTraits traits = gpu::traits_of(label);
    entry.runtime = traits.runtime ? traits.runtime : told.runtime;
    if (traits.runtime) {
        entry.dependencies.push_back({on_cuda(*traits.runtime), std::nullopt});
    } else if (told.runtime) {
        entry.mark_unfit(judge_.fault_of(label, *told.runtime));
        if (gpu::is_torch(
                label)) { // for the explanation: the library that says so may be one of many
            entry.dependencies.push_back({on_cuda(*told.runtime), std::nullopt});
        }
    }
    for (const gpu::Library& library : traits.libraries) {
        entry.dependencies.push_back({on_supplier(library), std::nullopt});
    }
    if (gpu::is_of_torch(label)) {
        add_torch_dependencies(entry, traits.build, told);
    }
}

/// "12.8", or any version of a major.
RequirementId GpuDependencies::on_cuda(const CudaRuntime& runtime) {
    const std::string version = runtime.text() + (runtime.minor ? "" : ".*");
    const auto versions = pypi::SpecifierSet::of_clause("==", version);
    return requirements_.on_fact(runtime_slot_, versions.value(), RequirementKind::needs,
                                 "CUDA " + version);
}

namespace {

/// In ascending order of preference: those that the driver's own CUDA covers stand above newer
/// minors, whose PTX the driver could not compile.
std::vector<CudaVersion> runtimes(const std::optional<CudaVersion>& of_driver) {
    std::vector<CudaVersion> newer;
    std::vector<CudaVersion> covered;
    const std::vector<CudaVersion> all = conceivable_cuda_versions();
    for (auto version = all.rbegin(); version != all.rend(); ++version) {
        (of_driver && *of_driver < *version ? newer : covered).push_back(*version);
    }
    newer.insert(newer.end(), covered.begin(), covered.end());
    return newer;
}

/// conda writes `==12.8.*` without the signs.
std::string conda_text(const pypi::SpecifierSet& specifiers) {
    std::string text = specifiers.text();
    std::size_t at = 0;
    while ((at = text.find("==", at)) != std::string::npos) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        if (text.substr(at, end - at).ends_with(".*")) {
            text.erase(at, 2);
        } else {
            at += 2;
        }
    }
    std::erase(text, ' ');
    return text;
}

std::string supplier_text(const gpu::Library& library) {
    const std::string whose = library.supplier == "conda"   ? "conda packages"
                              : library.supplier == "wheel" ? "wheels"
                                                            : library.supplier + " wheels";
    return fmt::format("{} from {} alone", library.name, whose);
}

} // namespace

} // namespace envpm::universe
