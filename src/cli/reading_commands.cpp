#include "cli/reading_commands.h"

#include "base/error.h"
#include "cli/output.h"
#include "cli/render_error.h"
#include "cli/render_views.h"
#include "cli/session.h"
#include "installing/generations.h"

#include <fmt/format.h>

namespace envpm::cli {

namespace {

pipeline::LockedView view_of(const Session& session);
void tell_other_environment(const Session& session, const LockedTarget& target);

} // namespace

ExitCode run(const ListCommand& /*command*/, const Session& session) {
    const pipeline::LockedView view = view_of(session);
    show(session.global.is_json ? document(json_of(view)) : list_words(view));
    tell_other_environment(session, view.target);
    return ExitCode::done;
}

ExitCode run(const TreeCommand& /*command*/, const Session& session) {
    const pipeline::LockedView view = view_of(session);
    show(session.global.is_json ? document(json_of(view)) : tree_words(view));
    tell_other_environment(session, view.target);
    return ExitCode::done;
}

ExitCode run(const WhyCommand& command, const Session& session) {
    const pipeline::LockedView view = view_of(session);
    const auto name = PackageName::parse_either(command.package);
    if (!name) {
        throw Error({fmt::format("`{}` is no package name", command.package), "envpm why",
                     "name it as `envpm list` does"},
                    ExitCode::usage);
    }
    const std::vector<pipeline::Path> paths = pipeline::why(view, *name);
    show(session.global.is_json ? document(json_of(paths)) : why_words(paths));
    return ExitCode::done;
}

ExitCode run(const InfoCommand& /*command*/, const Session& session) {
    const pipeline::Information information =
        pipeline::inform(project_if_any(session), session.global.target, session.services);
    show(session.global.is_json ? document(json_of(information)) : words_of(information));
    if (information.target) {
        tell_other_environment(session, *information.target);
    }
    return ExitCode::done;
}

ExitCode run(const GensCommand& /*command*/, const Session& session) {
    const project::Project project = project_of(session);
    check_target(session, project);
    const std::vector<installing::State> states =
        installing::states(project, session.global.target, session.services.settings().store_root);
    show(session.global.is_json ? document(json_of(states)) : words_of(states));
    return ExitCode::done;
}

namespace {

pipeline::LockedView view_of(const Session& session) {
    return pipeline::view_lock(project_of(session), session.global.target, session.services);
}

/// After a rollback, or a `lock` that was not followed by an install, the lock is of something
/// else.
void tell_other_environment(const Session& session, const LockedTarget& target) {
    if (session.global.is_json) {
        return;
    }
    for (const realize::Generation& generation : installing::generations(project_of(session))) {
        if (generation.is_current && generation.env != target.env) {
            tell(session, fmt::format("note: that is envpm.lock for target `{}`; the environment "
                                      "in use is another one, generation {} (`envpm gens`)\n",
                                      target.target.name, generation.number));
        }
    }
}

} // namespace

} // namespace envpm::cli
