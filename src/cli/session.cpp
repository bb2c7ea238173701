#include "cli/session.h"

#include "pipeline/edit_journal.h"
#include "pipeline/target_choice.h"

#include <string>
#include <vector>

namespace envpm::cli {

pipeline::Project project_of(const Session& session) {
    pipeline::Project project = pipeline::find_project(session.global.manifest_path, session.start);
    pipeline::finish_interrupted_edit(project, session.services.progress());
    return project;
}

std::optional<pipeline::Project> project_if_any(const Session& session) {
    auto project = pipeline::find_project_if_any(session.global.manifest_path, session.start);
    if (project) {
        pipeline::finish_interrupted_edit(*project, session.services.progress());
    }
    return project;
}

void check_target(const Session& session, const pipeline::Project& project) {
    if (!session.global.target) {
        return;
    }
    const Manifest manifest = pipeline::read_manifest(project);
    std::vector<std::string> names;
    for (const Target& target : manifest.targets) {
        if (target.name == *session.global.target) {
            return;
        }
        names.push_back(target.name);
    }
    throw pipeline::no_such_target("the manifest", *session.global.target, manifest.file, names);
}

} // namespace envpm::cli
