#include "cli/commands.h"

#include "base/ascii.h"
#include "base/error.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/own_words.h"
#include "cli/render_error.h"
#include "cli/session.h"
#include "project/way_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <utility>
#include <variant>

namespace envpm::cli {

namespace {

/// Runs the command that it is called with, in a session unless that command needs none.
struct Runner {
    const Arguments& arguments;
    const Terminal& terminal;
    const Invocation& invocation;

    ExitCode operator()(const CompletionCommand& command) const;
    ExitCode operator()(const RunCommand& command) const;
    template <typename Own> ExitCode operator()(const Own& command) const;

  private:
    ExitCode in_session(const std::function<ExitCode(const Session&)>& run_it) const;
};

std::filesystem::path working_folder(const std::filesystem::path& directory);

struct SettingsInUse {
    project::Settings settings;
    std::optional<ErrorText> error; ///< why they are not those that are configured
};

SettingsInUse settings_in_use(const Arguments& arguments, const Variables& variables,
                              const std::optional<std::filesystem::path>& folder);

project::SettingFlags flags_of(const Arguments& arguments);
ExitCode report_error(const Error& error, const Terminal& terminal, bool is_json);

} // namespace

ExitCode run_command(const Invocation& invocation) {
    Terminal terminal;
    bool is_json = asks_for_json(invocation.argument_count, invocation.arguments) ||
                   switch_value(invocation.variables.find("ENVPM_JSON").value_or("")) == true;
    try {
        const auto parsed =
            parse_arguments(invocation.argument_count, invocation.arguments, invocation.variables);
        if (const auto* notice = std::get_if<Notice>(&parsed)) {
            if (notice->code == ExitCode::done) {
                show(notice->text);
            } else {
                tell_error(notice->text);
            }
            return notice->code;
        }
        const auto& arguments = std::get<Arguments>(parsed);
        is_json = arguments.global.is_json;
        terminal = describe_terminal(arguments.global, invocation.variables);
        return std::visit(Runner{arguments, terminal, invocation}, arguments.command);
    } catch (const Error& error) {
        return report_error(error, terminal, is_json);
    } catch (const std::filesystem::filesystem_error& error) {
        return report_error(
            Error({error.code().message(), error.path1().string(), "check that path"}), terminal,
            is_json);
    } catch (const std::exception& error) {
        return report_error(Error({error.what(), "", ""}), terminal, is_json);
    }
}

namespace {

ExitCode Runner::operator()(const CompletionCommand& command) const {
    show(completion_script(command.shell));
    return ExitCode::done;
}

ExitCode Runner::operator()(const RunCommand& command) const {
    if (command.is_activated) {
        become_activated(command, arguments.global, invocation.variables);
    }
    return in_session([&](const Session& session) { return run(command, session); });
}

template <typename Own> ExitCode Runner::operator()(const Own& command) const {
    return in_session([&](const Session& session) { return run(command, session); });
}

ExitCode Runner::in_session(const std::function<ExitCode(const Session&)>& run_it) const {
    const GlobalOptions& global = arguments.global;
    const std::filesystem::path start = working_folder(global.directory);
    std::optional<std::filesystem::path> folder;
    if (!std::holds_alternative<InitCommand>(arguments.command)) {
        if (const auto project = project::find_project_if_any(global.manifest_path, start)) {
            folder = project->folder();
        }
    }
    TerminalProgress progress(terminal);
    SettingsInUse settings = settings_in_use(arguments, invocation.variables, folder);
    project::Services services(
        std::move(settings.settings),
        {invocation.variables, invocation.stop, invocation.now, invocation.random_seed,
         global.is_offline ? project::NetworkUse::offline : project::NetworkUse::online},
        progress);
    try {
        return run_it({global, terminal, services, start, std::move(settings.error)});
    } catch (const Error& error) {
        throw project::with_way_out(error, services.settings());
    }
}

/// Goes to `directory` if there is one. A folder that was removed can still be the one that a
/// process works in.
std::filesystem::path working_folder(const std::filesystem::path& directory) {
    std::error_code failure;
    if (!directory.empty()) {
        std::filesystem::current_path(directory, failure);
        if (failure) {
            throw Error({fmt::format("cannot work in a folder: {}", failure.message()),
                         directory.string(), "`-C` takes a folder that is there"});
        }
    }
    std::filesystem::path start = std::filesystem::current_path(failure);
    if (failure) {
        throw Error({"the folder that envpm was started in is gone",
                     {},
                     "go to one that is there, as with `cd \"$PWD\"` if it was made anew, or "
                     "name one: `-C DIR`"});
    }
    return start;
}

/// `doctor` is asked when something is wrong: it tells what is wrong with the settings, and goes on
/// without files and with those variables alone that say where things are.
SettingsInUse settings_in_use(const Arguments& arguments, const Variables& variables,
                              const std::optional<std::filesystem::path>& folder) {
    try {
        return {project::load_settings(variables, flags_of(arguments), folder), std::nullopt};
    } catch (const Error& error) {
        if (!std::holds_alternative<DoctorCommand>(arguments.command)) {
            throw;
        }
        Variables places;
        for (const std::string_view name :
             {"HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "ENVPM_ROOT", "ENVPM_CACHE"}) {
            if (const auto value = variables.find(name)) {
                places.set(std::string(name), *value);
            }
        }
        places.set("PIP_CONFIG_FILE", "/dev/null"); // pip's files may be what is wrong
        project::SettingFlags flags;
        flags.ignore_files = true;
        return {project::load_settings(places, flags, std::nullopt), error.text()};
    }
}

project::SettingFlags flags_of(const Arguments& arguments) {
    const SpeedFlags speed = std::visit(
        [](const auto& command) {
            if constexpr (requires { command.speed; }) {
                return command.speed;
            } else {
                return SpeedFlags();
            }
        },
        arguments.command);
    return {arguments.global.config_file, arguments.global.ignores_config, speed.jobs,
            speed.concurrent_downloads, speed.link_mode};
}

ExitCode report_error(const Error& error, const Terminal& terminal, bool is_json) {
    const std::string text = is_json ? document(json_of(error)) : std::string();
    const bool is_told = is_json &&
                         std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
                         std::fflush(stdout) == 0;
    if (!is_told) { // standard output may be what failed
        std::fputs(words_of(error, terminal).c_str(), stderr);
    }
    return error.code();
}

} // namespace

} // namespace envpm::cli
