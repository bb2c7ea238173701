#include "cli/commands.h"

#include "base/ascii.h"
#include "base/error.h"
#include "cli/completion.h"
#include "cli/own_words.h"
#include "cli/render.h"
#include "cli/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace envpm::cli {

namespace {

ExitCode run_parsed(const Arguments& arguments, const Terminal& terminal,
                    const Invocation& invocation);
std::filesystem::path working_folder(const std::filesystem::path& directory);
ExitCode dispatch(const Session& session);

struct SettingsInUse {
    pipeline::Settings settings;
    std::optional<ErrorText> error; ///< why they are not those that are configured
};

SettingsInUse settings_in_use(const Arguments& arguments, const Variables& variables,
                              const std::optional<std::filesystem::path>& folder);

pipeline::SettingFlags flags_of(const Arguments& arguments);
ExitCode report_error(const Error& error, const Terminal& terminal, bool is_json);
bool says_yes(const std::string& value);

} // namespace

ExitCode run_command(const Invocation& invocation) {
    Terminal terminal;
    bool is_json = asks_for_json(invocation.argument_count, invocation.arguments) ||
                   says_yes(invocation.variables.find("ENVPM_JSON").value_or(""));
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
        return run_parsed(arguments, terminal, invocation);
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

ExitCode run_parsed(const Arguments& arguments, const Terminal& terminal,
                    const Invocation& invocation) {
    if (arguments.command == Command::completion) {
        show(completion_script(arguments.words.front()));
        return ExitCode::done;
    }
    if (arguments.is_activated) {
        become_activated(arguments, invocation.variables);
    }
    const GlobalOptions& global = arguments.global;
    const std::filesystem::path start = working_folder(global.directory);
    std::optional<std::filesystem::path> folder;
    if (arguments.command != Command::init) {
        if (const auto project = pipeline::find_project_if_any(global.manifest_path, start)) {
            folder = project->folder();
        }
    }
    TerminalProgress progress(terminal);
    SettingsInUse settings = settings_in_use(arguments, invocation.variables, folder);
    pipeline::Services services(
        std::move(settings.settings),
        {invocation.variables, invocation.stop, invocation.now, invocation.random_seed,
         global.is_offline ? pipeline::NetworkUse::offline : pipeline::NetworkUse::online},
        progress);
    return dispatch({arguments, terminal, services, start, std::move(settings.error)});
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

ExitCode dispatch(const Session& session) {
    using Run = ExitCode (*)(const Session&);
    static constexpr auto runs = std::to_array<std::pair<Command, Run>>({
        {Command::init, run_init},
        {Command::add, run_add},
        {Command::remove, run_remove},
        {Command::lock, run_lock},
        {Command::update, run_update},
        {Command::install, run_install},
        {Command::run, run_run},
        {Command::shell, run_shell},
        {Command::shell_hook, run_shell_hook},
        {Command::list, run_view},
        {Command::tree, run_view},
        {Command::why, run_view},
        {Command::info, run_info},
        {Command::seal, run_seal},
        {Command::selftest, run_selftest},
        {Command::doctor, run_doctor},
        {Command::verify, run_verify},
        {Command::repair, run_repair},
        {Command::audit, run_audit},
        {Command::gc, run_gc},
        {Command::gens, run_gens},
        {Command::rollback, run_rollback},
        {Command::export_lock, run_export},
        {Command::gpu_facts, run_gpu_facts},
        {Command::gpu_fits, run_gpu_fits},
        {Command::target_detect, run_target_detect},
        {Command::mirror_list, run_mirror_list},
        {Command::mirror_test, run_mirror_test},
    });
    const auto found = std::find_if(runs.begin(), runs.end(), [&](const auto& run) {
        return run.first == session.arguments.command;
    });
    return found == runs.end() ? ExitCode::usage : found->second(session);
}

/// `doctor` is asked when something is wrong: it tells what is wrong with the settings, and goes on
/// without files and with those variables alone that say where things are.
SettingsInUse settings_in_use(const Arguments& arguments, const Variables& variables,
                              const std::optional<std::filesystem::path>& folder) {
    try {
        return {pipeline::load_settings(variables, flags_of(arguments), folder), std::nullopt};
    } catch (const Error& error) {
        if (arguments.command != Command::doctor) {
            throw;
        }
        Variables places;
        for (const std::string_view name :
             {"HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "ENVPM_ROOT", "ENVPM_CACHE"}) {
            if (const auto value = variables.find(name)) {
                places.set(std::string(name), *value);
            }
        }
        pipeline::SettingFlags flags;
        flags.ignore_files = true;
        return {pipeline::load_settings(places, flags, std::nullopt), error.text()};
    }
}

pipeline::SettingFlags flags_of(const Arguments& arguments) {
    return {arguments.global.config_file, arguments.global.ignores_config, arguments.jobs,
            arguments.concurrent_downloads, arguments.link_mode};
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

/// As CLI11 reads the variable of a switch.
bool says_yes(const std::string& value) {
    constexpr auto words =
        std::to_array<std::string_view>({"1", "true", "t", "yes", "y", "on", "enable", "+"});
    return std::find(words.begin(), words.end(), ascii_lower(value)) != words.end();
}

} // namespace

} // namespace envpm::cli
