#include "cli/commands.h"

#include "base/error.h"
#include "cli/completion.h"
#include "cli/render.h"
#include "cli/session.h"

#include <cstdio>

namespace envpm::cli {

namespace {

ExitCode dispatch(const Session& session);
pipeline::SettingFlags flags_of(const Arguments& arguments);
ExitCode report_error(const Error& error, const Terminal& terminal, bool is_json);

} // namespace

ExitCode run_command(const Invocation& invocation) {
    Arguments arguments;
    Terminal terminal;
    const bool has_no_color = invocation.variables.find("NO_COLOR").has_value();
    const bool is_dumb = invocation.variables.find("TERM").value_or("dumb") == "dumb";
    try {
        const auto notice =
            parse_arguments(invocation.argument_count, invocation.arguments, arguments);
        terminal = describe_terminal(arguments.global, has_no_color, is_dumb);
        if (notice) {
            show(notice->text);
            return ExitCode::done;
        }
        TerminalProgress progress(terminal);
        if (!arguments.global.directory.empty()) {
            std::filesystem::current_path(arguments.global.directory);
        }
        const std::filesystem::path start = std::filesystem::current_path();
        const pipeline::Settings settings =
            pipeline::load_settings(invocation.variables, flags_of(arguments), start);
        pipeline::Services services(settings, invocation.variables, progress, invocation.stop,
                                    invocation.now,
                                    arguments.global.is_offline ? pipeline::NetworkUse::offline
                                                                : pipeline::NetworkUse::online);
        return dispatch({arguments, terminal, services, start});
    } catch (const Error& error) {
        return report_error(error, terminal, arguments.global.is_json);
    } catch (const std::filesystem::filesystem_error& error) {
        return report_error(
            Error({error.code().message(), error.path1().string(), "check that path"}), terminal,
            arguments.global.is_json);
    } catch (const std::exception& error) {
        return report_error(Error({error.what(), "", ""}), terminal, arguments.global.is_json);
    }
}

namespace {

ExitCode dispatch(const Session& session) {
    switch (session.arguments.command) {
    case Command::init:
        return run_init(session);
    case Command::add:
        return run_add(session);
    case Command::remove:
        return run_remove(session);
    case Command::lock:
        return run_lock(session);
    case Command::install:
        return run_install(session);
    case Command::run:
        return run_run(session);
    case Command::shell:
        return run_shell(session);
    case Command::shell_hook:
        return run_shell_hook(session);
    case Command::list:
    case Command::tree:
    case Command::why:
        return run_view(session);
    case Command::info:
        return run_info(session);
    case Command::seal:
        return run_seal(session);
    case Command::verify:
        return run_verify(session);
    case Command::gc:
        return run_gc(session);
    case Command::gens:
        return run_gens(session);
    case Command::rollback:
        return run_rollback(session);
    case Command::completion:
        show(completion_script(session.arguments.words.front()));
        return ExitCode::done;
    case Command::none:
        break;
    }
    return ExitCode::usage;
}

pipeline::SettingFlags flags_of(const Arguments& arguments) {
    return {arguments.global.config_file, arguments.global.ignores_config, arguments.jobs,
            arguments.concurrent_downloads, arguments.link_mode};
}

ExitCode report_error(const Error& error, const Terminal& terminal, bool is_json) {
    if (is_json) {
        const std::string text = document(json_of(error));
        std::fwrite(text.data(), 1, text.size(), stdout);
        std::fflush(stdout);
    } else {
        std::fputs(words_of(error, terminal).c_str(), stderr);
    }
    return error.code();
}

} // namespace

} // namespace envpm::cli
