#include "cli/arguments.h"

#include "base/error.h"
#include "cli/command_line.h"
#include "cli/own_words.h"
#include "cli/usage.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace envpm::cli {

namespace {

const CLI::App& named(const CLI::App& app, const std::string& name);
const CLI::App& named_command(const CLI::App& app, int count, const char* const* words);
Usage usage_of(const CLI::App& command, const OwnWords& line, const Variables& variables);
void add_option(Usage& usage, const CLI::Option& option);
void choose_lock_use(InstallCommand& install, const Usage& usage);
void refuse_odd_switches(const CLI::App& app, const OwnWords& line, const Variables& variables);
[[noreturn]] void throw_unknown_command(const CLI::App& parent, const std::string& word);

} // namespace

std::variant<Arguments, Notice> parse_arguments(int count, const char* const* words,
                                                const Variables& variables) {
    const int own = own_words(count, words);
    const OwnWords line(words, words + own);
    ReadArguments read;
    const auto app = command_line(read);
    const CLI::App& command = named_command(*app, count, words);
    const auto usage = [&] { return usage_of(command, line, variables); };
    refuse_missing_values(usage());
    refuse_odd_switches(*app, line, variables);
    try {
        app->parse(own, words);
    } catch (const CLI::CallForHelp&) {
        return Notice{app->help()};
    } catch (const CLI::CallForVersion&) {
        return Notice{"envpm " ENVPM_VERSION "\n"};
    } catch (const CLI::ExtrasError& error) {
        Usage with_extras = usage();
        with_extras.unexpected = app->remaining(true);
        throw usage_error(error.what(), with_extras);
    } catch (const CLI::ParseError& error) {
        throw usage_error(error.what(), usage());
    } catch (const Error& error) { // of a value, which does not know whose it is
        throw usage_error(error.text().what, usage());
    }
    refuse_odd_values(usage());
    if (!read.command) {
        refuse_lone_flags(usage(), read.global.is_json);
        return Notice{app->help(), ExitCode::usage};
    }
    const auto* add = std::get_if<AddCommand>(&*read.command);
    if (add != nullptr && add->requirements.empty() && add->files.empty()) {
        throw usage_error("package is required", usage());
    }
    if (auto* install = std::get_if<InstallCommand>(&*read.command)) {
        choose_lock_use(*install, usage());
    }
    if (auto* run = std::get_if<RunCommand>(&*read.command)) {
        const bool has_separator = own < count && std::string_view(words[own]) == "--";
        run->words.assign(words + own + (has_separator ? 1 : 0), words + count);
    }
    return Arguments{std::move(read.global), *std::move(read.command)};
}

std::optional<bool> switch_value(std::string_view text) {
    const bool is_yes = text == "1" || text == "true";
    return is_yes || text == "0" || text == "false" ? std::optional(is_yes) : std::nullopt;
}

std::vector<CommandWord> command_words(const std::string& command) {
    ReadArguments unread;
    const auto app = command_line(unread);
    std::vector<CommandWord> words;
    for (const CLI::App* each : named(*app, command).get_subcommands({})) {
        words.push_back({each->get_name(), each->get_description()});
    }
    return words;
}

std::vector<std::string> flags_of(const std::string& command) {
    ReadArguments unread;
    const auto app = command_line(unread);
    const CLI::App& whole = named(*app, command);
    std::vector<const CLI::App*> apps = {&whole};
    if (!command.empty()) {
        const auto below = whole.get_subcommands({});
        apps.insert(apps.end(), below.begin(), below.end());
    }
    std::set<std::string> flags;
    for (const CLI::App* each : apps) {
        for (const CLI::Option* option :
             each->get_options([](const CLI::Option* one) { return !one->get_group().empty(); })) {
            for (const std::string& name : option->get_lnames()) {
                flags.insert("--" + name);
            }
        }
    }
    return {flags.begin(), flags.end()};
}

namespace {

/// The command of that name, the whole for "".
const CLI::App& named(const CLI::App& app, const std::string& name) {
    return name.empty() ? app : *app.get_subcommand(name);
}

/// CLI11 takes a misspelt command for an argument too many; the near miss is what the user needs.
/// Those of `gpu` are commands too. Gives the program itself if no command is named.
const CLI::App& named_command(const CLI::App& app, int count, const char* const* words) {
    const CLI::App* parent = &app;
    for (int i = next_word(1, count, words); i < count; i = next_word(i + 1, count, words)) {
        const auto commands = parent->get_subcommands({});
        const auto found =
            std::find_if(commands.begin(), commands.end(),
                         [&](const CLI::App* each) { return each->check_name(words[i]); });
        if (commands.empty()) {
            break;
        }
        if (found == commands.end()) {
            throw_unknown_command(*parent, words[i]);
        }
        parent = *found;
    }
    return *parent;
}

Usage usage_of(const CLI::App& command, const OwnWords& line, const Variables& variables) {
    Usage usage{.line = line, .variables = variables};
    for (const CLI::App* app = &command; app != nullptr; app = app->get_parent()) {
        usage.command = app->get_name() + (usage.command.empty() ? "" : " ") + usage.command;
        for (const CLI::Option* option : app->get_options()) {
            add_option(usage, *option);
        }
    }
    return usage;
}

void add_option(Usage& usage, const CLI::Option& option) {
    for (const std::string& value : option.results()) {
        usage.values.emplace(value, option.get_name());
    }
    for (const std::string& name : option.get_lnames()) {
        usage.flags.push_back("--" + name);
        if (option.get_expected_max() == 0) {
            usage.switches.insert("--" + name);
        }
    }
}

/// Of `--locked` and `--frozen`, the line's counts more than a variable's.
void choose_lock_use(InstallCommand& install, const Usage& usage) {
    if (install.locked && install.frozen) {
        install.frozen = !has_flag(usage.line, "--locked");
        install.locked = !has_flag(usage.line, "--frozen");
        if (install.locked == install.frozen) {
            throw usage_error("--locked excludes --frozen", usage);
        }
    }
}

/// CLI11 takes more words for a yes, and any number. It reads the variables of every command.
void refuse_odd_switches(const CLI::App& app, const OwnWords& line, const Variables& variables) {
    for (const CLI::Option* option : app.get_options()) {
        const std::string& name = option->get_envname();
        const bool is_switch = option->get_expected_max() == 0 && !name.empty();
        const auto value = is_switch ? variables.find(name) : std::nullopt;
        const bool is_on_line =
            std::any_of(option->get_lnames().begin(), option->get_lnames().end(),
                        [&](const std::string& flag) { return has_flag(line, "--" + flag); });
        if (value && !value->empty() && !is_on_line && !switch_value(*value)) {
            throw variable_error("`" + *value + "` is none of 1, true, 0, false", name);
        }
    }
    for (const CLI::App* below : app.get_subcommands({})) {
        refuse_odd_switches(*below, line, variables);
    }
}

void throw_unknown_command(const CLI::App& parent, const std::string& word) {
    const bool is_top = parent.get_parent() == nullptr;
    std::vector<std::string> known(is_top ? 1 : 0, "sync");
    for (const CommandWord& command : command_words(is_top ? "" : parent.get_name())) {
        known.push_back(command.name);
    }
    throw Error(unknown_command_text(is_top ? "" : parent.get_name() + " ", word, known),
                ExitCode::usage);
}

} // namespace

} // namespace envpm::cli
