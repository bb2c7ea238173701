#include "cli/session.h"

#include "installing/target_choice.h"
#include "project/edit_journal.h"

#include <string>
#include <vector>

namespace envpm::cli {

project::Project project_of(const Session& session) {
    project::Project project = project::find_project(session.global.manifest_path, session.start);
    project::settle_interrupted_edit(project, session.services.progress());
    return project;
}

std::optional<project::Project> project_if_any(const Session& session) {
    auto project = project::find_project_if_any(session.global.manifest_path, session.start);
    if (project) {
        project::settle_interrupted_edit(*project, session.services.progress());
    }
    return project;
}

void check_target(const Session& session, const project::Project& project) {
    if (!session.global.target) {
        return;
    }
    const Manifest manifest = project::read_manifest(project);
    std::vector<std::string> names;
    for (const Target& target : manifest.targets) {
        if (target.name == *session.global.target) {
            return;
        }
        names.push_back(target.name);
    }
    throw installing::no_such_target("the manifest", *session.global.target, manifest.file, names);
}

} // namespace envpm::cli
