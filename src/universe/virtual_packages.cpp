#include "universe/virtual_packages.h"

#include <fmt/format.h>

namespace envpm::universe {

namespace {

VirtualPackage package(const std::string& name, const std::string& version,
                       const std::string& build);
VirtualPackage open_package(const std::string& name, const std::string& version);

/// What may be asked for: all there has been, and some more.
constexpr int oldest_arch_major = 3;
constexpr int newest_arch_major = 15;
constexpr int last_arch_minor = 9;

} // namespace

bool VirtualPackage::matches(const conda::MatchSpec& spec) const {
    conda::RecordFields fields;
    fields.name = name;
    fields.version = &version;
    fields.build = build;
    return spec.matches(fields);
}

std::vector<VirtualPackage> virtual_packages(const Target& target,
                                             const gpu::TargetMachine& machine) {
    std::vector<VirtualPackage> packages = {
        package("__unix", "0", "0"), package("__linux", "4.18", "0"),
        package("__glibc", target.glibc.text(), "0"),
        package("__archspec", "1", std::string(machine_of(target.platform)))};
    const bool has_none = machine.gpus && machine.gpus->empty();
    if (has_none || machine.accelerator.value == Accelerator::cpu) {
        return packages;
    }
    if (machine.cuda) {
        packages.push_back(package("__cuda", machine.cuda->text(), "0"));
    } else {
        for (const CudaVersion& version : conceivable_cuda_versions()) {
            packages.push_back(open_package("__cuda", version.text()));
        }
    }
    if (machine.gpus) {
        packages.push_back(package("__cuda_arch", machine.gpus->front().text(), "0"));
    } else {
        for (int major = newest_arch_major; major >= oldest_arch_major; --major) {
            for (int minor = last_arch_minor; minor >= 0; --minor) {
                packages.push_back(open_package("__cuda_arch", fmt::format("{}.{}", major, minor)));
            }
        }
    }
    return packages;
}

namespace {

VirtualPackage package(const std::string& name, const std::string& version,
                       const std::string& build) {
    return {name, conda::Version::parse(version).value(), build};
}

VirtualPackage open_package(const std::string& name, const std::string& version) {
    VirtualPackage open = package(name, version, "0");
    open.is_open = true;
    return open;
}

} // namespace

} // namespace envpm::universe
