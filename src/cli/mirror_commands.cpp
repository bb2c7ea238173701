#include "cli/mirror_commands.h"

#include "base/error.h"
#include "cli/output.h"
#include "cli/render_error.h"
#include "cli/render_mirrors.h"
#include "cli/session.h"

#include <algorithm>
#include <optional>

namespace envpm::cli {

ExitCode run(const MirrorListCommand& /*command*/, const Session& session) {
    const std::optional<project::Project> project = project_if_any(session);
    if (project) {
        check_target(session, *project);
    }
    const std::vector<project::Source> sources = pipeline::list_sources(project, session.services);
    show(session.global.is_json ? document(json_of(sources)) : words_of(sources));
    return ExitCode::done;
}

ExitCode run(const MirrorTestCommand& /*command*/, const Session& session) {
    const project::Project project = project_of(session);
    check_target(session, project);
    const std::vector<pipeline::SourceTrial> trials =
        pipeline::try_sources(project, session.services);
    show(session.global.is_json ? document(json_of(trials)) : words_of(trials, session.terminal));
    const bool all_work =
        std::all_of(trials.begin(), trials.end(),
                    [](const pipeline::SourceTrial& trial) { return trial.has_working_place(); });
    return all_work ? ExitCode::done : ExitCode::network;
}

} // namespace envpm::cli
