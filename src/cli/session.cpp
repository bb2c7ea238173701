#include "cli/session.h"

#include "pipeline/edit_journal.h"

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

} // namespace envpm::cli
