#include "pipeline/virtual_packages.h"

namespace envpm::pipeline {

namespace {

VirtualPackage package(const std::string& name, const std::string& version,
                       const std::string& build);

} // namespace

bool VirtualPackage::matches(const conda::MatchSpec& spec) const {
    conda::RecordFields fields;
    fields.name = name;
    fields.version = &version;
    fields.build = build;
    return spec.matches(fields);
}

std::vector<VirtualPackage> virtual_packages(const Target& target) {
    return {package("__unix", "0", "0"), package("__linux", "4.18", "0"),
            package("__glibc", target.glibc.text(), "0"),
            package("__archspec", "1", std::string(machine_of(target.platform)))};
}

namespace {

VirtualPackage package(const std::string& name, const std::string& version,
                       const std::string& build) {
    return {name, conda::Version::parse(version).value(), build};
}

} // namespace

} // namespace envpm::pipeline
