#include "pipeline/inspect.h"

#include "base/error.h"
#include "base/near_miss.h"
#include "base/url.h"
#include "host/this_machine.h"
#include "installing/target_choice.h"
#include "locking/lock.h"
#include "project/sources.h"
#include "pypi/marker.h"
#include "realize/generations.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>
#include <set>

namespace envpm::pipeline {

namespace {

bool is_for(const ManifestRequirement& requirement, const LockedTarget& target);
void add_requested(LockedView& view, const PackageName& name);
std::optional<Path> shortest_path(const LockedView& view, const PackageName& from,
                                  const PackageName& to);
void inform_of_project(Information& information, const project::Project& project,
                       const std::optional<std::string>& wanted, project::Services& services);

} // namespace

LockedView view_lock(const project::Project& project, const std::optional<std::string>& target,
                     project::Services& services) {
    const std::optional<Lock> lock = project::read_lock(project);
    if (!lock) {
        throw Error({"there is no envpm.lock yet", project.lock_file().string(),
                     "run `envpm lock` to make it"},
                    ExitCode::lock_out_of_date);
    }
    const Manifest manifest = project::read_manifest(project);
    LockedView view{installing::choose_target(manifest, *lock, target, services), {}, {}, {}};
    for (const LockedPackage& package : lock->packages) {
        auto& packages = package.is_for(view.target.target.name) ? view.packages : view.elsewhere;
        packages.push_back(package);
    }
    for (const CondaRequirement& requirement : manifest.dependencies) {
        add_requested(view, requirement.name);
    }
    for (const ManifestRequirement& requirement : manifest.pypi_dependencies) {
        if (is_for(requirement, view.target)) {
            add_requested(view, requirement.name);
        }
    }
    return view;
}

PackageName name_of_dependency(const std::string& text) {
    const auto name = PackageName::parse_conda(text.substr(0, text.find_first_of(" [=<>!~")));
    if (!name) {
        throw Error({fmt::format("`{}` is no dependency", text), "envpm.lock",
                     "run `envpm lock` to write it anew"},
                    ExitCode::integrity);
    }
    return *name;
}

const LockedPackage* find_package(const std::vector<LockedPackage>& packages,
                                  const PackageName& name) {
    const auto named = [&](const LockedPackage& package) { return package.name == name; };
    const auto means_it = [normal = PackageName::parse(name.string())](const auto& package) {
        return normal && PackageName::parse(package.name.string()) == normal;
    };
    auto found = std::find_if(packages.begin(), packages.end(), named);
    if (found == packages.end()) {
        found = std::find_if(packages.begin(), packages.end(), means_it);
    }
    return found == packages.end() ? nullptr : &*found;
}

std::vector<Path> why(const LockedView& view, const PackageName& name) {
    const LockedPackage* wanted = find_package(view.packages, name);
    if (wanted == nullptr) {
        if (const LockedPackage* other = find_package(view.elsewhere, name)) {
            throw Error({fmt::format("`{}` is not locked for target `{}`, but for `{}`",
                                     other->name.string(), view.target.target.name,
                                     fmt::join(other->targets, "`, `")),
                         "envpm.lock", fmt::format("add `--target {}`", other->targets.front())});
        }
        std::vector<std::string> names;
        for (const LockedPackage& package : view.packages) {
            names.push_back(package.name.string());
        }
        const auto meant = near_miss(name.string(), names);
        throw Error(
            {fmt::format("`{}` is not in the lock", name.string()), "envpm.lock",
             meant ? fmt::format("did you mean `{}`?", *meant) : "`envpm list` shows what is"});
    }
    std::vector<Path> paths;
    for (const PackageName& root : view.requested) {
        if (auto path = shortest_path(view, root, wanted->name)) {
            paths.push_back(std::move(*path));
        }
    }
    return paths;
}

Information inform(const std::optional<project::Project>& project,
                   const std::optional<std::string>& target, project::Services& services) {
    Information information;
    information.version = ENVPM_VERSION;
    information.root = services.settings().store_root;
    information.cache = services.settings().cache_root;
    information.machine = host::detect_target();
    information.interpreters =
        project::host_interpreters(services, host::Inquiry::Failures::tried_again);
    if (project) {
        inform_of_project(information, *project, target, services);
    }
    return information;
}

namespace {

/// Another target or Python may be what its marker is about; it may be locked here all the same, as
/// a dependency.
bool is_for(const ManifestRequirement& requirement, const LockedTarget& target) {
    return requirement.marker.empty() || !target.python ||
           pypi::Marker::parse(requirement.marker)
               .evaluate(pypi::marker_environment(target.target, target.python->abi,
                                                  target.python->version),
                         {});
}

/// `python` may be the host's, and then is no package.
void add_requested(LockedView& view, const PackageName& name) {
    const LockedPackage* package = find_package(view.packages, name);
    if (package != nullptr && std::find(view.requested.begin(), view.requested.end(),
                                        package->name) == view.requested.end()) {
        view.requested.push_back(package->name);
    }
}

/// Breadth first, so the first chain found is a shortest one.
std::optional<Path> shortest_path(const LockedView& view, const PackageName& from,
                                  const PackageName& to) {
    std::deque<std::pair<PackageName, Path>> open = {{from, {from.string()}}};
    std::set<PackageName> seen = {from};
    while (!open.empty()) {
        auto [name, path] = std::move(open.front());
        open.pop_front();
        if (name == to) {
            return path;
        }
        const LockedPackage* package = find_package(view.packages, name);
        for (const std::string& text : package->dependencies) {
            const LockedPackage* next = find_package(view.packages, name_of_dependency(text));
            if (next != nullptr && seen.insert(next->name).second) {
                Path longer = path;
                longer.push_back(next->name.string());
                open.emplace_back(next->name, std::move(longer));
            }
        }
    }
    return std::nullopt;
}

void inform_of_project(Information& information, const project::Project& project,
                       const std::optional<std::string>& wanted, project::Services& services) {
    const Manifest manifest = project::read_manifest(project);
    information.manifest = project.manifest_file;
    information.workspace = manifest.name;
    information.indexes =
        project::indexes_of(manifest, universe::read_requests(manifest), services);
    for (pypi::Index& index : information.indexes) {
        for (std::string& url : index.urls) {
            url = without_credentials(url);
        }
    }
    if (const auto current = project::generations_of(project).current()) {
        information.prefix = current->prefix;
        information.unrun = conda::unrun_scripts(current->prefix);
    }
    const std::optional<Lock> lock = project::read_lock(project);
    if (!lock) {
        information.lock_problem = "there is no envpm.lock yet";
        return;
    }
    const locking::LockCheck check = locking::check_lock(manifest, lock);
    if (!check.is_fresh) {
        information.lock_problem = "envpm.lock is out of date: " + check.reasons.front();
    }
    const Target* const here =
        wanted ? nullptr
               : installing::target_here(manifest, installing::targets_of(*lock), services);
    if (wanted || here != nullptr) {
        information.target = installing::named_target(*lock, wanted ? *wanted : here->name);
    }
}

} // namespace

} // namespace envpm::pipeline
