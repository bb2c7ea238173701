#include "cli/completion.h"

#include "cli/arguments.h"
#include "cli/shell.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace envpm::cli {

namespace {

std::string bash_script();
std::string zsh_script();
std::string fish_script();
std::vector<std::string> names(const std::vector<CommandWord>& words);
std::string without_quotes(std::string text);

} // namespace

std::string completion_script(const std::string& shell) {
    switch (shell_named(shell)) {
    case activate::Shell::bash:
        return bash_script();
    case activate::Shell::zsh:
        return zsh_script();
    case activate::Shell::fish:
        break;
    }
    return fish_script();
}

namespace {

std::string bash_script() {
    const std::vector<CommandWord> words = command_words();
    std::string cases;
    std::string with_commands; // of which a word is a command and no file
    for (const CommandWord& word : words) {
        std::vector<std::string> offered = names(command_words(word.name));
        if (!offered.empty()) {
            with_commands += fmt::format("|{}:*", word.name);
        }
        const std::vector<std::string> flags = flags_of(word.name);
        offered.insert(offered.end(), flags.begin(), flags.end());
        cases += fmt::format("        {}) words=\"{}\" ;;\n", word.name, fmt::join(offered, " "));
    }
    return fmt::format(R"(_envpm() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" command="" word words=""
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "$word" in -*) ;; *) command="$word"; break ;; esac
    done
    case "$command" in
        "") words="{} {}" ;;
{}    esac
    case "$command:$current" in
        :*{}) ;;
        run:*|*:[!-]*) COMPREPLY=($(compgen -f -- "$current")); return ;;
    esac
    COMPREPLY=($(compgen -W "$words {}" -- "$current"))
}}
complete -o default -F _envpm envpm
)",
                       fmt::join(names(words), " "), fmt::join(flags_of(""), " "), cases,
                       with_commands, fmt::join(flags_of(""), " "));
}

std::string zsh_script() {
    std::string commands;
    std::string cases;
    for (const CommandWord& word : command_words()) {
        commands += fmt::format("        '{}:{}'\n", word.name, without_quotes(word.help));
        const std::vector<std::string> below = names(command_words(word.name));
        const std::string commands_below =
            below.empty() ? "" : fmt::format(" '2:command:({})'", fmt::join(below, " "));
        cases += fmt::format("        {}) _arguments {}{} '*:file:_files' ;;\n", word.name,
                             fmt::join(flags_of(word.name), " "), commands_below);
    }
    return fmt::format(R"(#compdef envpm
_envpm() {{
    local -a commands
    commands=(
{}    )
    if (( CURRENT == 2 )); then
        _describe 'command' commands
        return
    fi
    case "$words[2]" in
{}    esac
}}
compdef _envpm envpm
)",
                       commands, cases);
}

std::string fish_script() {
    std::string out = "complete -c envpm -f -n __fish_use_subcommand\n";
    for (const CommandWord& word : command_words()) {
        out += fmt::format("complete -c envpm -f -n __fish_use_subcommand -a {} -d '{}'\n",
                           word.name, without_quotes(word.help));
        for (const CommandWord& below : command_words(word.name)) {
            out += fmt::format(
                "complete -c envpm -f -n '__fish_seen_subcommand_from {}' -a {} -d '{}'\n",
                word.name, below.name, without_quotes(below.help));
        }
        for (const std::string& flag : flags_of(word.name)) {
            out += fmt::format("complete -c envpm -n '__fish_seen_subcommand_from {}' -l {}\n",
                               word.name, flag.substr(2));
        }
    }
    for (const std::string& flag : flags_of("")) {
        out += fmt::format("complete -c envpm -l {}\n", flag.substr(2));
    }
    return out;
}

std::vector<std::string> names(const std::vector<CommandWord>& words) {
    std::vector<std::string> out;
    for (const CommandWord& word : words) {
        out.push_back(word.name);
    }
    return out;
}

/// The help texts stand within single quotes.
std::string without_quotes(std::string text) {
    std::erase(text, '\'');
    return text;
}

} // namespace

} // namespace envpm::cli
