#include "pipeline/locked_projects.h"

#include "base/error.h"

#include <fmt/format.h>

#include <utility>

namespace envpm::pipeline {

LockedProjects::LockedProjects(const std::optional<project::Project>& own,
                               const std::vector<std::string>& folders,
                               project::Services& services) {
    if (own) {
        add(*own, services);
    }
    for (const std::string& folder : folders) {
        if (own && own->folder() == folder) {
            continue;
        }
        const std::optional<project::Project> found =
            project::find_project_if_any(std::nullopt, folder);
        if (found && found->folder() == folder) {
            add(*found, services);
        }
    }
}

std::optional<LockedProjects::Package> LockedProjects::package(const Sha256& archive) const {
    for (const LockedProject& project : projects_) {
        for (const LockedPackage& package : project.lock.packages) {
            if (package.sha256 == archive) {
                return Package{&project, &package};
            }
        }
    }
    return std::nullopt;
}

std::optional<LockedProjects::Environment>
LockedProjects::environment(const std::string& name) const {
    for (const LockedProject& project : projects_) {
        for (const LockedTarget& target : project.lock.targets) {
            if (short_name(target.env) == name) {
                return Environment{&project, &target};
            }
        }
    }
    return std::nullopt;
}

void LockedProjects::add(const project::Project& project, project::Services& services) {
    try {
        std::optional<Lock> lock = project::read_lock(project);
        if (lock) {
            projects_.push_back({project, project::read_manifest(project), std::move(*lock)});
        }
    } catch (const Error& error) {
        services.progress().note(
            fmt::format("`{}` cannot help: {}", project.folder().string(), error.text().what));
    }
}

} // namespace envpm::pipeline
