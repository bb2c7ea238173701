#include "cli/render.h"
#include "cli/session.h"
#include "cli/shell.h"
#include "pipeline/run.h"

#include <fmt/format.h>

namespace envpm::cli {

namespace {

using pipeline::Project;

/// Before `run` and `shell`: brings the environment up to date unless that was refused.
ExitCode prepare(const Session& session, const Project& project);

} // namespace

ExitCode run_install(const Session& session) {
    const Arguments& arguments = session.arguments;
    const pipeline::LockUse use = arguments.locked   ? pipeline::LockUse::locked
                                  : arguments.frozen ? pipeline::LockUse::frozen
                                                     : pipeline::LockUse::update;
    const pipeline::InstallReport report = pipeline::install(
        {project_of(session), use, arguments.global.target, arguments.prefix}, session.services);
    if (arguments.global.is_json) {
        show(document(json_of(report)));
    } else {
        tell(session, words_of(report, session.terminal));
    }
    return report.lock && report.lock->explanation ? ExitCode::no_solution : ExitCode::done;
}

ExitCode run_run(const Session& session) {
    const Project project = project_of(session);
    if (session.arguments.words.empty()) {
        std::string tasks;
        for (const Task& task : pipeline::read_manifest(project).tasks) {
            tasks += fmt::format("{}`{}`", tasks.empty() ? "" : ", ", task.name);
        }
        throw Error({"there is nothing to run", "envpm run",
                     tasks.empty() ? "name a command: `envpm run python train.py`"
                                   : "name a command or one of the tasks: " + tasks},
                    ExitCode::usage);
    }
    if (const ExitCode code = prepare(session, project); code != ExitCode::done) {
        return code;
    }
    const pipeline::ActiveEnvironment environment =
        pipeline::activate_project(project, session.services);
    activate::become(pipeline::command_to_run(project, session.arguments.words),
                     environment.variables, environment.prefix);
}

ExitCode run_shell(const Session& session) {
    const Project project = project_of(session);
    if (const ExitCode code = prepare(session, project); code != ExitCode::done) {
        return code;
    }
    const pipeline::ActiveEnvironment environment =
        pipeline::activate_project(project, session.services);
    const ShellStart start =
        shell_start(environment, session.services.variables(), project.folder() / ".envpm/shell");
    activate::become(start.command, start.variables, environment.prefix);
}

ExitCode run_shell_hook(const Session& session) {
    const Project project = project_of(session);
    const activate::Shell shell = shell_named(session.arguments.shell.value_or(
        session.services.variables().find("SHELL").value_or("bash")));
    if (const ExitCode code = prepare(session, project); code != ExitCode::done) {
        return code;
    }
    const pipeline::ActiveEnvironment environment =
        pipeline::activate_project(project, session.services);
    show(activate::shell_text(shell, environment.changes, session.services.variables(),
                              environment.workspace));
    return ExitCode::done;
}

namespace {

ExitCode prepare(const Session& session, const Project& project) {
    if (session.arguments.no_install) {
        return ExitCode::done;
    }
    const pipeline::InstallReport report =
        pipeline::install({.project = project,
                           .target = session.arguments.global.target,
                           .purpose = pipeline::InstallPurpose::use_it},
                          session.services);
    if (!report.was_current) {
        tell(session, words_of(report, session.terminal));
    }
    return report.lock && report.lock->explanation ? ExitCode::no_solution : ExitCode::done;
}

} // namespace

} // namespace envpm::cli
