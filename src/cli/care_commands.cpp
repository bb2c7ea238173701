#include "cli/care_commands.h"

#include "cli/output.h"
#include "cli/render_care.h"
#include "cli/render_error.h"
#include "cli/render_views.h"
#include "cli/session.h"
#include "installing/generations.h"
#include "pipeline/collect.h"
#include "pipeline/seal.h"

#include <fmt/format.h>

namespace envpm::cli {

ExitCode run(const SealCommand& /*command*/, const Session& session) {
    const project::Project project = project_of(session);
    check_target(session, project);
    const pipeline::SealReport report =
        pipeline::seal(project, session.global.target, session.services);
    if (session.global.is_json) {
        show(document(Json::Object{{"target", report.target},
                                   {"contents", report.contents.hex()},
                                   {"changed", !report.was_sealed}}));
    } else {
        tell(session, fmt::format("{} target {} with contents sha256:{}\n",
                                  report.was_sealed ? "already sealed:" : "sealed", report.target,
                                  report.contents.hex()));
    }
    return ExitCode::done;
}

ExitCode run(const VerifyCommand& command, const Session& session) {
    const pipeline::VerifyReport report = pipeline::verify(
        command.quick ? store::VerifyDepth::quick : store::VerifyDepth::full, session.services);
    if (session.global.is_json) {
        show(document(json_of(report)));
    } else if (report.is_whole()) {
        tell(session, words_of(report, session.terminal));
    } else {
        const std::size_t count = report.damaged_files();
        show(words_of(report, session.terminal));
        tell_error(fmt::format("{} {} {} damaged\nhint: `envpm repair` makes them anew\n",
                               styled(session.terminal, Style::bad, "error:"), count,
                               count == 1 ? "file is" : "files are"));
    }
    return report.is_whole() ? ExitCode::done : ExitCode::integrity;
}

ExitCode run(const RepairCommand& command, const Session& session) {
    const std::optional<project::Project> project = project_if_any(session);
    if (project) {
        check_target(session, *project);
    }
    const pipeline::RepairOutcome outcome =
        pipeline::repair(project, command.dry_run, session.services);
    if (session.global.is_json) {
        show(document(json_of(outcome)));
    } else if (outcome.repaired.empty() && outcome.left.empty()) {
        tell(session, words_of(outcome, session.terminal));
    } else {
        show(words_of(outcome, session.terminal));
    }
    return outcome.left.empty() ? ExitCode::done : ExitCode::integrity;
}

ExitCode run(const GcCommand& command, const Session& session) {
    const store::CollectReport report =
        pipeline::collect({command.grace, command.max_freed}, command.dry_run, session.services);
    show(session.global.is_json
             ? document(json_of(report))
             : words_of(report, session.global.is_verbose ? CollectWords::all : CollectWords::few));
    return ExitCode::done;
}

ExitCode run(const RollbackCommand& command, const Session& session) {
    const project::Project project = project_of(session);
    check_target(session, project);
    const realize::Generation generation =
        installing::roll_back(project, command.generation, session.global.target);
    if (session.global.is_json) {
        show(document(json_of(std::vector<installing::State>{{generation}})));
    } else {
        tell(session, fmt::format("generation {} is current again   env {}\n"
                                  "envpm.lock is as it was: `envpm install` goes forward again\n",
                                  generation.number, short_name(generation.env)));
    }
    return ExitCode::done;
}

} // namespace envpm::cli
