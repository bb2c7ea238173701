#include "cli/render.h"
#include "cli/session.h"
#include "cli/shell.h"
#include "pipeline/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <variant>

namespace envpm::cli {

namespace {

using pipeline::Project;

/// Before `run` and `shell`: brings the environment up to date unless that was refused.
ExitCode prepare(const Session& session, const Project& project);

/// What cannot be solved is an error.
void tell_install(const Session& session, const pipeline::InstallReport& report);

/// With that and a test of the GPUs; a code is why the environment is not to be entered.
std::variant<pipeline::ActiveEnvironment, ExitCode> enter(const Session& session,
                                                          const Project& project);

} // namespace

ExitCode run_install(const Session& session) {
    const Arguments& arguments = session.arguments;
    const pipeline::LockUse use = arguments.locked   ? pipeline::LockUse::locked
                                  : arguments.frozen ? pipeline::LockUse::frozen
                                                     : pipeline::LockUse::update;
    const Project project = project_of(session);
    check_policies(session);
    const Installed installed =
        install_and_test(session, {.project = project,
                                   .lock_use = use,
                                   .target = arguments.global.target,
                                   .prefix = arguments.prefix,
                                   .audit = policy_of(session, arguments.audit, "ENVPM_AUDIT")});
    if (arguments.global.is_json) {
        show(document(json_of(installed)));
    } else {
        tell_installed(session, installed);
    }
    return installed.code;
}

/// What `--prefix` lays out is tested while the disk takes it.
Installed install_and_test(const Session& session, pipeline::InstallRequest request) {
    std::optional<ActivationTest> test;
    const auto run_test = [&](const std::filesystem::path& prefix) {
        test = test_before_use(session, request.project, prefix, session.services.variables());
    };
    request.meanwhile = run_test;
    Installed installed{pipeline::install(request, session.services)};
    const pipeline::InstallReport& report = installed.report;
    if (report.lock && report.lock->explanation) {
        installed.code = ExitCode::no_solution;
    } else if (!report.was_current) {
        if (!test) {
            run_test(report.prefix);
        }
        installed.test = std::move(*test);
        installed.code = installed.test.code;
    }
    return installed;
}

void tell_installed(const Session& session, const Installed& installed) {
    tell_install(session, installed.report);
    if (installed.test.code != ExitCode::done) {
        tell_failure(session, installed.test);
    } else if (installed.test.report) {
        tell(session, words_of(*installed.test.report, session.terminal));
    }
}

Json json_of(const Installed& installed) {
    Json json = json_of(installed.report);
    if (installed.test.report) {
        json.get_if<Json::Object>()->emplace("self_test", json_of(*installed.test.report));
    }
    return json;
}

ExitCode run_run(const Session& session) {
    const Project project = project_of(session);
    if (session.arguments.words.empty()) {
        const std::vector<std::string> tasks = pipeline::task_names(project);
        throw Error({"there is nothing to run", "envpm run",
                     tasks.empty() ? "name a command: `envpm run python train.py`"
                                   : fmt::format("name a command or one of the tasks: `{}`",
                                                 fmt::join(tasks, "`, `"))},
                    ExitCode::usage);
    }
    const auto entered = enter(session, project);
    if (const auto* const code = std::get_if<ExitCode>(&entered)) {
        return *code;
    }
    const auto& environment = std::get<pipeline::ActiveEnvironment>(entered);
    const std::vector<std::string> command =
        pipeline::command_to_run(project, environment, session.arguments.words);
    const bool is_typed = command.front() == session.arguments.words.front();
    const auto tasks = [&] {
        return is_typed ? pipeline::task_names(project) : std::vector<std::string>();
    };
    try {
        activate::become(command, environment.variables, environment.prefix, tasks);
    } catch (Error& error) {
        if (command.front() == "bash" && !is_typed) {
            error.add_context("while bash was to source the scripts of conda packages");
        }
        throw;
    }
}

void become_activated(const Arguments& arguments, const Variables& variables) {
    const std::optional<std::string> prefix = variables.find("ENVPM_PREFIX");
    if (!prefix || arguments.words.empty()) {
        throw Error({"`--activated` is for envpm itself", "envpm run", "leave it out"},
                    ExitCode::usage);
    }
    const auto tasks = [&arguments] {
        const auto& manifest = arguments.global.manifest_path;
        return manifest ? pipeline::task_names({*manifest}) : std::vector<std::string>();
    };
    activate::become(arguments.words, variables, *prefix, tasks);
}

ExitCode run_shell(const Session& session) {
    const Project project = project_of(session);
    const auto entered = enter(session, project);
    if (const auto* const code = std::get_if<ExitCode>(&entered)) {
        return *code;
    }
    const auto& environment = std::get<pipeline::ActiveEnvironment>(entered);
    const ShellStart start =
        shell_start(environment, session.services.variables(), project.folder() / ".envpm/shell");
    activate::become(start.command, start.variables, environment.prefix);
}

ExitCode run_shell_hook(const Session& session) {
    const Project project = project_of(session);
    const activate::Shell shell =
        session.arguments.shell
            ? shell_named(*session.arguments.shell, "--shell")
            : shell_named(session.services.variables().find("SHELL").value_or("bash"), "SHELL");
    // What the caller evaluates is all of it or nothing: its shell goes on either way.
    const auto entered = enter(session, project);
    if (const auto* const code = std::get_if<ExitCode>(&entered)) {
        return *code;
    }
    const auto& environment = std::get<pipeline::ActiveEnvironment>(entered);
    show(activate::shell_text(shell, environment.changes, session.services.variables(),
                              environment.workspace, scripts_of(environment, shell)));
    return ExitCode::done;
}

namespace {

ExitCode prepare(const Session& session, const Project& project) {
    if (session.arguments.no_install) {
        return ExitCode::done;
    }
    check_policies(session);
    const pipeline::InstallReport report =
        pipeline::install({.project = project,
                           .target = session.arguments.global.target,
                           .purpose = pipeline::InstallPurpose::use_it,
                           .audit = policy_of(session, std::nullopt, "ENVPM_AUDIT")},
                          session.services);
    if (!report.was_current) {
        tell_install(session, report);
    }
    return report.lock && report.lock->explanation ? ExitCode::no_solution : ExitCode::done;
}

void tell_install(const Session& session, const pipeline::InstallReport& report) {
    const std::string words = words_of(report, session.terminal);
    if (report.lock && report.lock->explanation) {
        tell_error(words);
    } else {
        tell(session, words);
    }
}

std::variant<pipeline::ActiveEnvironment, ExitCode> enter(const Session& session,
                                                          const Project& project) {
    if (const ExitCode code = prepare(session, project); code != ExitCode::done) {
        return code;
    }
    pipeline::ActiveEnvironment environment = pipeline::activate_project(project, session.services);
    const ActivationTest test =
        test_before_use(session, project, environment.prefix, environment.variables);
    tell_failure(session, test);
    if (test.code != ExitCode::done) {
        return test.code;
    }
    return environment;
}

} // namespace

} // namespace envpm::cli
