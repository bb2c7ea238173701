#include "pipeline/virtual_packages.h"

#include <fmt/format.h>

namespace envpm::pipeline {

namespace {

VirtualPackage package(const std::string& name, const std::string& version,
                       const std::string& build);
void add_open(std::vector<VirtualPackage>& packages, const std::string& name, int first_major,
              int last_major, int minors);

/// What may be asked for: all there has been, and some more.
constexpr int oldest_cuda_major = 9;
constexpr int newest_cuda_major = 15;
constexpr int most_cuda_minors = 16;
constexpr int oldest_arch_major = 3;
constexpr int newest_arch_major = 15;
constexpr int most_arch_minors = 10;

} // namespace

bool VirtualPackage::matches(const conda::MatchSpec& spec) const {
    conda::RecordFields fields;
    fields.name = name;
    fields.version = &version;
    fields.build = build;
    return spec.matches(fields);
}

std::vector<VirtualPackage>
virtual_packages(const Target& target, const gpu::TargetMachine& machine, Accelerator accelerator) {
    std::vector<VirtualPackage> packages = {
        package("__unix", "0", "0"), package("__linux", "4.18", "0"),
        package("__glibc", target.glibc.text(), "0"),
        package("__archspec", "1", std::string(machine_of(target.platform)))};
    const bool has_none = machine.gpus && machine.gpus->empty();
    if (has_none || accelerator == Accelerator::cpu) {
        return packages;
    }
    if (machine.cuda) {
        packages.push_back(package("__cuda", machine.cuda->text(), "0"));
    } else {
        add_open(packages, "__cuda", newest_cuda_major, oldest_cuda_major, most_cuda_minors);
    }
    if (machine.gpus) {
        packages.push_back(package("__cuda_arch", machine.gpus->front().text(), "0"));
    } else {
        add_open(packages, "__cuda_arch", newest_arch_major, oldest_arch_major, most_arch_minors);
    }
    return packages;
}

namespace {

VirtualPackage package(const std::string& name, const std::string& version,
                       const std::string& build) {
    return {name, conda::Version::parse(version).value(), build};
}

void add_open(std::vector<VirtualPackage>& packages, const std::string& name, int first_major,
              int last_major, int minors) {
    for (int major = first_major; major >= last_major; --major) {
        for (int minor = minors - 1; minor >= 0; --minor) {
            packages.push_back(package(name, fmt::format("{}.{}", major, minor), "0"));
            packages.back().is_open = true;
        }
    }
}

} // namespace

} // namespace envpm::pipeline
