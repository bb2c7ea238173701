#include "gpu/checks.h"

#include <fmt/format.h>

#include <map>

namespace envpm::gpu {

namespace {

using Parts = std::map<std::string, const PrefixBinary*>; ///< the first of each kind

bool differ_themselves(const Parts& versions, Audit& audit);
void check_package(const PrefixBinary& part, Audit& audit);
std::string version_of(const std::string& package);
std::string supply_of(const std::string& package);

} // namespace

/// cuDNN's libraries check each other's version when they are loaded. What the files say themselves
/// counts more than their packages, which may have overwritten each other's; but two suppliers of
/// one version are for two majors of CUDA. Packages of one that share the files out are fine.
void check_cudnn(Audit& audit) {
    Parts versions;
    Parts supplies;
    for (const PrefixBinary& binary : audit.request.binaries) {
        if (!binary.facts.soname.starts_with("libcudnn")) {
            continue;
        }
        if (!binary.facts.cudnn_version.empty()) {
            versions.emplace(binary.facts.cudnn_version, &binary);
            check_package(binary, audit);
        }
        if (!binary.package.empty()) {
            supplies.emplace(supply_of(binary.package), &binary);
        }
    }
    if (differ_themselves(versions, audit) || supplies.size() < 2) {
        return;
    }
    std::string packages;
    for (const auto& [supply, binary] : supplies) {
        packages += fmt::format("{}`{}`", packages.empty() ? "" : " and ", binary->package);
    }
    audit.add(Severity::error, Rule::cudnn_mix, *supplies.begin()->second,
              fmt::format("the libraries of cuDNN come from {}", packages),
              "lock one version of cuDNN, for one major version of CUDA");
}

namespace {

bool differ_themselves(const Parts& versions, Audit& audit) {
    if (versions.size() < 2) {
        return false;
    }
    std::string parts;
    for (const auto& [version, binary] : versions) {
        parts += fmt::format("{}`{}` is {}", parts.empty() ? "" : ", ", binary->path, version);
    }
    audit.add(Severity::error, Rule::cudnn_mix, *versions.begin()->second,
              fmt::format("the libraries of cuDNN are of several versions: {}", parts),
              "lock one version of cuDNN, and install its package again");
    return true;
}

/// Whether a part is what its package says; one of PyTorch's own has no such version.
void check_package(const PrefixBinary& part, Audit& audit) {
    const std::string& own = part.facts.cudnn_version;
    const std::string version = version_of(part.package);
    if (part.package.find("cudnn") != std::string::npos && version != own &&
        !version.starts_with(own + ".")) {
        audit.add(
            Severity::error, Rule::cudnn_mix, part,
            fmt::format("it says that it is cuDNN {}, and its package is `{}`", own, part.package),
            "install its package again");
    }
}

std::string version_of(const std::string& package) {
    return package.substr(package.rfind(' ') + 1);
}

/// "cu12 9.1.0.70" of "nvidia-cudnn-cu12 9.1.0.70"; of others the version alone.
std::string supply_of(const std::string& package) {
    const std::string name = package.substr(0, package.rfind(' '));
    const std::size_t suffix = name.rfind("-cu1");
    return (suffix == std::string::npos ? std::string() : name.substr(suffix + 1)) + " " +
           version_of(package);
}

} // namespace

} // namespace envpm::gpu
