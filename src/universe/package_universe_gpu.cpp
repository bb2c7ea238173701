// GPU facts in the universe: which CUDA the environment runs, whose build of each of its libraries
// it has, and which candidates the target cannot run.

#include "base/assert.h"
#include "gpu/package_traits.h"
#include "universe/package_universe.h"

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

bool PackageUniverse::is_unfit(CandidateId candidate) const {
    return at(candidate).is_unfit;
}

void PackageUniverse::add_gpu_facts() {
    runtime_slot_ = make_slot({{"CUDA"}, SlotKind::fact, {}, {}, true});
    const std::vector<CudaVersion> versions = runtimes(judge_.driver_cuda());
    for (std::size_t i = 0; i < versions.size(); ++i) {
        const auto release = static_cast<std::uint32_t>(versions.size() - 1 - i);
        CandidateEntry& entry = at(add_candidate(runtime_slot_, versions[i].text(), release, i));
        entry.is_described = true;
        entry.problem = judge_.fault_of(versions[i]).value_or("");
    }
    const GpuRequests& gpu = request_.requests.gpu;
    if (gpu.cuda) {
        const RequirementId pin = on_runtime(gpu.cuda->specifiers, RequirementKind::constrains,
                                             "CUDA " + gpu.cuda->specifiers.text());
        at(pin).asked.pin = &*gpu.cuda;
        constraints_.push_back(pin);
    }
    add_library_pin(gpu.cudnn, "cudnn");
    add_library_pin(gpu.nccl, "nccl");
}

/// Whoever supplies it.
void PackageUniverse::add_library_pin(const std::optional<GpuPinRequest>& pin,
                                      std::string_view library) {
    if (!pin) {
        return;
    }
    const auto add = [&](RequirementId requirement) {
        at(requirement).asked.pin = &*pin;
        constraints_.push_back(requirement);
    };
    for (const PinnedLibrary& known : pinned_libraries) {
        if (known.name != library) {
            continue;
        }
        for (const std::string_view name : known.wheels) {
            add(on_distribution(*PackageName::parse(name), pin->specifiers,
                                RequirementKind::constrains));
        }
        for (const std::string_view name : known.conda) {
            if (conda_ != nullptr && !name.empty()) {
                const std::string text = fmt::format("{} {}", name, conda_text(pin->specifiers));
                add(on_spec(conda::MatchSpec::parse(text), text, RequirementKind::constrains));
            }
        }
    }
}

RequirementId PackageUniverse::on_runtime(const pypi::SpecifierSet& versions, RequirementKind kind,
                                          const std::string& text) {
    RequirementEntry entry;
    entry.requirement = {runtime_slot_, kind, text};
    entry.specifiers = versions;
    return make_requirement((kind == RequirementKind::needs ? "needs " : "constrains ") + text,
                            std::move(entry));
}

/// One slot for each library, made when the first package brings it.
RequirementId PackageUniverse::on_supplier(const gpu::Library& library) {
    const std::string name = library.name + " libraries";
    const auto known = find_slot(name);
    const SlotId slot = known ? *known : make_slot({{name}, SlotKind::fact, {}, {}, true});
    if (!known) {
        for (const std::string_view supplier : gpu::library_suppliers) {
            at(add_candidate(slot, std::string(supplier), 0, 0)).is_described = true;
        }
    }
    for (const CandidateId id : at(slot).candidates) {
        if (at(id).candidate.version == library.supplier) {
            RequirementEntry entry;
            entry.requirement = {slot, RequirementKind::needs, supplier_text(library)};
            entry.exact = id;
            const std::string key = "needs " + entry.requirement.text;
            return make_requirement(key, std::move(entry));
        }
    }
    ENVPM_ASSERT(false); // package_traits.h names every supplier
    return {};
}

gpu::PackageLabel PackageUniverse::label_of(const CandidateEntry& entry) const {
    const SlotEntry& slot = at(entry.candidate.slot);
    if (entry.package != nullptr) {
        const conda::Record& record = *entry.package->record;
        return {gpu::World::conda, record.name, entry.candidate.version, record.build};
    }
    return {gpu::World::wheel, slot.name->string(), entry.candidate.version, {}};
}

void PackageUniverse::judge(CandidateEntry& entry) {
    entry.mark_unfit(judge_.fault_of(label_of(entry)));
}

/// Of a described candidate: its CUDA, that it is the one that brings a library, and which builds
/// of PyTorch it goes with.
void PackageUniverse::add_gpu_dependencies(CandidateEntry& entry, const ToldCuda& told) {
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
RequirementId PackageUniverse::on_cuda(const CudaRuntime& runtime) {
    const std::string version = runtime.text() + (runtime.minor ? "" : ".*");
    const auto versions = pypi::SpecifierSet::of_clause("==", version);
    return on_runtime(versions.value(), RequirementKind::needs, "CUDA " + version);
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
