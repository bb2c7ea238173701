#include "cli/environment_commands.h"

#include "cli/output.h"
#include "cli/policies.h"
#include "cli/render_error.h"
#include "cli/render_project.h"
#include "cli/session.h"
#include "cli/shell.h"
#include "cli/test_before_use.h"
#include "cli/tested_install.h"
#include "pipeline/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <variant>

namespace envpm::cli {

namespace {

using project::Project;

/// Before `run` and `shell`: brings the environment up to date unless that was refused.
ExitCode prepare(const EntryFlags& flags, const Session& session, const Project& project);

/// With that and a test of the GPUs; a code is why the environment is not to be entered.
std::variant<pipeline::ActiveEnvironment, ExitCode>
enter(const EntryFlags& flags, const Session& session, const Project& project);

} // namespace

ExitCode run(const InstallCommand& command, const Session& session) {
    const installing::LockUse use = command.locked   ? installing::LockUse::locked
                                    : command.frozen ? installing::LockUse::frozen
                                                     : installing::LockUse::update;
    const Project project = project_of(session);
    check_policies(session, command.self_test, command.audit);
    const Installed installed =
        install_and_test(session,
                         {.project = project,
                          .lock_use = use,
                          .target = session.global.target,
                          .prefix = command.prefix,
                          .audit = policy_of(session, command.audit, "ENVPM_AUDIT")},
                         command.self_test);
    if (session.global.is_json) {
        show(document(json_of(installed)));
    } else {
        tell_installed(session, installed);
    }
    return installed.code;
}

ExitCode run(const RunCommand& command, const Session& session) {
    const Project project = project_of(session);
    if (command.words.empty()) {
        const std::vector<std::string> tasks = pipeline::task_names(project);
        throw Error({"there is nothing to run", "envpm run",
                     tasks.empty() ? "name a command: `envpm run python train.py`"
                                   : fmt::format("name a command or one of the tasks: `{}`",
                                                 fmt::join(tasks, "`, `"))},
                    ExitCode::usage);
    }
    const auto entered = enter(command.entry, session, project);
    if (const auto* const code = std::get_if<ExitCode>(&entered)) {
        return *code;
    }
    const auto& environment = std::get<pipeline::ActiveEnvironment>(entered);
    const std::vector<std::string> words =
        pipeline::command_to_run(project, environment, command.words);
    const bool is_typed = words.front() == command.words.front();
    const auto tasks = [&] {
        return is_typed ? pipeline::task_names(project) : std::vector<std::string>();
    };
    try {
        activate::become(words, environment.variables, environment.prefix, tasks);
    } catch (Error& error) {
        if (words.front() == "bash" && !is_typed) {
            error.add_context("while bash was to source the scripts of conda packages");
        }
        throw;
    }
}

void become_activated(const RunCommand& command, const GlobalOptions& global,
                      const Variables& variables) {
    const std::optional<std::string> prefix = variables.find("ENVPM_PREFIX");
    if (!prefix || command.words.empty()) {
        throw Error({"`--activated` is for envpm itself", "envpm run", "leave it out"},
                    ExitCode::usage);
    }
    const auto tasks = [&manifest = global.manifest_path] {
        return manifest ? pipeline::task_names({*manifest}) : std::vector<std::string>();
    };
    activate::become(command.words, variables, *prefix, tasks);
}

ExitCode run(const ShellCommand& command, const Session& session) {
    const Project project = project_of(session);
    const auto entered = enter(command.entry, session, project);
    if (const auto* const code = std::get_if<ExitCode>(&entered)) {
        return *code;
    }
    const auto& environment = std::get<pipeline::ActiveEnvironment>(entered);
    const ShellStart start =
        shell_start(environment, session.services.variables(), project.folder() / ".envpm/shell");
    activate::become(start.command, start.variables, environment.prefix);
}

ExitCode run(const ShellHookCommand& command, const Session& session) {
    const Project project = project_of(session);
    const activate::Shell shell =
        command.shell
            ? shell_named(*command.shell, "--shell")
            : shell_named(session.services.variables().find("SHELL").value_or("bash"), "SHELL");
    // What the caller evaluates is all of it or nothing: its shell goes on either way.
    const auto entered = enter(command.entry, session, project);
    if (const auto* const code = std::get_if<ExitCode>(&entered)) {
        return *code;
    }
    const auto& environment = std::get<pipeline::ActiveEnvironment>(entered);
    show(activate::shell_text(shell, environment.changes, session.services.variables(),
                              environment.workspace, scripts_of(environment, shell)));
    return ExitCode::done;
}

namespace {

ExitCode prepare(const EntryFlags& flags, const Session& session, const Project& project) {
    if (flags.no_install) {
        return ExitCode::done;
    }
    check_policies(session, flags.self_test);
    const installing::InstallReport report =
        installing::install({.project = project,
                             .target = session.global.target,
                             .purpose = installing::InstallPurpose::use_it,
                             .audit = policy_of(session, std::nullopt, "ENVPM_AUDIT")},
                            session.services);
    if (!report.was_current) {
        tell_install(session, report);
    }
    return report.lock && report.lock->explanation ? ExitCode::no_solution : ExitCode::done;
}

std::variant<pipeline::ActiveEnvironment, ExitCode>
enter(const EntryFlags& flags, const Session& session, const Project& project) {
    if (const ExitCode code = prepare(flags, session, project); code != ExitCode::done) {
        return code;
    }
    pipeline::ActiveEnvironment environment =
        pipeline::activate_project(project, session.global.target, session.services);
    const ActivationTest test = test_before_use(
        session, project, {environment.prefix, environment.variables}, flags.self_test);
    tell_failure(session, test);
    if (test.code != ExitCode::done) {
        return test.code;
    }
    return environment;
}

} // namespace

} // namespace envpm::cli
