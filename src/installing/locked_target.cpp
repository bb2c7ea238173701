#include "installing/locked_target.h"

#include "base/error.h"
#include "host/interpreters.h"
#include "project/project.h"

#include <fmt/format.h>

#include <string>

namespace envpm::installing {

std::vector<LockedPackage> packages_of(const Lock& lock, const LockedTarget& target) {
    std::vector<LockedPackage> packages;
    for (const LockedPackage& package : lock.packages) {
        if (package.is_for(target.target.name)) {
            packages.push_back(package);
        }
    }
    return packages;
}

std::vector<Sha256> archives_of(const std::vector<LockedPackage>& packages) {
    std::vector<Sha256> archives;
    archives.reserve(packages.size());
    for (const LockedPackage& package : packages) {
        archives.push_back(package.sha256);
    }
    return archives;
}

std::optional<Interpreter> interpreter_for(const LockedTarget& target,
                                           const project::Services& services) {
    if (!target.python || target.python->is_package) {
        return std::nullopt;
    }
    const PythonAbi& abi = target.python->abi;
    const std::vector<Interpreter> fitting =
        project::host_interpreters(
            services, pypi::SpecifierSet::parse(fmt::format("=={}.*", abi.feature_version())), abi)
            .found;
    if (const Interpreter* chosen =
            host::choose_interpreter(fitting, abi, target.python->version)) {
        return *chosen;
    }
    std::string versions;
    const host::HostInterpreters all = project::host_interpreters(services);
    for (const Interpreter& interpreter : all.found) {
        versions += (versions.empty() ? "" : ", ") + interpreter.version;
    }
    throw Error({fmt::format("the lock needs a Python {} ({}), and this host has none",
                             abi.feature_version(), abi.abi),
                 "envpm.lock",
                 fmt::format("install one, or write a version that all machines have under "
                             "`[dependencies]` (`python = \"3.11.*\"`) and lock, or list a conda "
                             "channel, which brings its own; found: {}{}",
                             versions.empty() ? "none" : versions, host::words_of(all.silent))});
}

} // namespace envpm::installing
