#include "installing/selftest_needs.h"

#include "locking/gpu_needs.h"

#include <algorithm>

namespace envpm::installing {

namespace {

void take_compiler(const LockedPackage& package, selftest::Needs& needs);
bool is_torch_of_conda(const LockedPackage& package);
std::optional<ComputeCapability> least_capability(int cuda_major, const gpu::Facts& facts);

} // namespace

selftest::Needs needs_of(const std::vector<LockedPackage>& packages, const LockedGpu& locked) {
    selftest::Needs needs;
    for (const LockedPackage& package : packages) {
        const gpu::PackageTraits traits = locking::traits_of(package);
        const auto major = traits.runtime ? std::optional(traits.runtime->major) : std::nullopt;
        if (traits.build == gpu::Build::cuda && (!needs.uses_cuda || major > needs.cuda_major)) {
            needs.uses_cuda = true;
            needs.cuda_major = major;
            needs.package = package.name.string() + " " + package.version;
        }
        take_compiler(package, needs);
        needs.code_is_told = needs.code_is_told || is_torch_of_conda(package);
    }
    if (locked.cuda && !needs.cuda_major) {
        needs.package = needs.uses_cuda ? needs.package : "the lock";
        needs.uses_cuda = true;
        needs.cuda_major = locked.cuda->major;
    }
    needs.least_driver = locked.driver;
    needs.code_is_told = needs.code_is_told && !locked.gpus.empty();
    needs.sass = locked.gpus;
    needs.ptx = locked.ptx;
    needs.ptx_cuda = locked.ptx_cuda;
    needs.locked_least = locked.least_gpu;
    return needs;
}

void add_floors(selftest::Needs& needs, const gpu::Facts& facts) {
    constexpr int first_major = 9;
    constexpr int last_major = 20;
    for (int major = first_major; needs.uses_cuda && major <= last_major; ++major) {
        const auto driver = facts.least_driver(major, gpu::DriverSystem::linux_kernel);
        const auto capability = least_capability(major, facts);
        if (driver && capability) {
            needs.majors.push_back({major, driver->value, *capability});
        }
    }
    const auto row = std::find_if(needs.majors.begin(), needs.majors.end(), [&](const auto& known) {
        return needs.cuda_major == known.major;
    });
    if (row != needs.majors.end()) {
        needs.least_capability = row->least_capability;
        if (!needs.least_driver) {
            needs.least_driver = row->least_driver;
        }
    }
}

namespace {

/// NVRTC, which PyTorch and CuPy load, and nvcc's parts, which Numba takes: their versions are the
/// toolkit's. Triton's own compiler is of the CUDA that its PyTorch needs.
void take_compiler(const LockedPackage& package, selftest::Needs& needs) {
    std::string_view name = package.name.string();
    name.remove_prefix(name.starts_with("nvidia-") ? 7 : 0);
    const bool is_compiler = name.starts_with("cuda-nvrtc") || name.starts_with("cuda-nvcc");
    const auto version = is_compiler ? ToolkitVersion::parse(package.version) : std::nullopt;
    if (version && (!needs.compiler_cuda || *needs.compiler_cuda < version->cuda)) {
        needs.compiler = package.name.string() + " " + package.version;
        needs.compiler_cuda = version->cuda;
    }
}

bool is_torch_of_conda(const LockedPackage& package) {
    return package.is_conda() &&
           gpu::is_torch({gpu::World::conda, package.name.string(), package.version, {}});
}

/// Of the architectures that some toolkit of the major knows.
std::optional<ComputeCapability> least_capability(int cuda_major, const gpu::Facts& facts) {
    constexpr int oldest = 2;
    constexpr int newest = 13;
    for (int major = oldest; major <= newest; ++major) {
        for (int minor = 0; minor < 10; ++minor) {
            const ComputeCapability capability{major, minor};
            const auto toolkits = facts.toolkits_for(capability);
            const bool is_known =
                toolkits && toolkits->value.first.major <= cuda_major &&
                (!toolkits->value.last || toolkits->value.last->major >= cuda_major);
            if (is_known) {
                return capability;
            }
        }
    }
    return std::nullopt;
}

} // namespace

} // namespace envpm::installing
