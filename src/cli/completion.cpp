#include "cli/completion.h"

#include "cli/arguments.h"
#include "cli/shell.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>
#include <utility>
#include <vector>

namespace envpm::cli {

namespace {

/// Values that the nearest envpm.toml has: keys of tables, and targets. For bash and zsh.
constexpr const char* value_functions = R"sh(_envpm_sed() {
    local folder="$PWD"
    while [ ! -e "$folder/envpm.toml" ]; do
        [ -n "$folder" ] || return
        folder="${folder%/*}"
    done
    sed -n "$1" "$folder/envpm.toml"
}
_envpm_keys() {
    _envpm_sed "/^\[$1\]/,/^\[/s/^\"\{0,1\}\([A-Za-z0-9._-]\{1,\}\)\"\{0,1\} *=.*/\1/p"
}
_envpm_packages() { _envpm_keys dependencies; _envpm_keys pypi-dependencies; }
_envpm_tasks() { _envpm_keys tasks; }
_envpm_targets() { _envpm_sed 's/^\[targets\.\([A-Za-z0-9._-]*\)\]/\1/p'; }
)sh";

constexpr const char* fish_value_functions = R"sh(function __envpm_sed
    set -l folder $PWD
    while not test -e $folder/envpm.toml
        test $folder = /; and return
        set folder (dirname $folder)
    end
    sed -n $argv[1] $folder/envpm.toml
end
function __envpm_keys
    __envpm_sed '/^\['$argv[1]'\]/,/^\[/s/^"\{0,1\}\([A-Za-z0-9._-]\{1,\}\)"\{0,1\} *=.*/\1/p'
end
function __envpm_packages
    __envpm_keys dependencies
    __envpm_keys pypi-dependencies
end
function __envpm_targets
    __envpm_sed 's/^\[targets\.\([A-Za-z0-9._-]*\)\]/\1/p'
end
complete -c envpm -n '__fish_seen_subcommand_from remove update why' -a '(__envpm_packages)'
complete -c envpm -n '__fish_seen_subcommand_from run' -a '(__envpm_keys tasks)'
complete -c envpm -l target -x -a '(__envpm_targets)'
)sh";

std::string bash_script();
std::string zsh_script();
std::string fish_script();
std::vector<std::string> zsh_flags_of(const std::string& command);
std::string_view zsh_words_of(const std::string& command);
std::vector<std::string> names(const std::vector<CommandWord>& words);
std::string without_quotes(std::string text);

} // namespace

std::string completion_script(const std::string& shell) {
    switch (shell_named(shell, "the command line")) {
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
    return value_functions + fmt::format(R"sh(_envpm() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" command="" word words=""
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "$word" in -*) ;; *) command="$word"; break ;; esac
    done
    case "$command" in
        "") words="{} {}" ;;
{}    esac
    if [ "${{COMP_WORDS[COMP_CWORD-1]}}" = --target ]; then
        COMPREPLY=($(compgen -W "$(_envpm_targets)" -- "$current"))
        return
    fi
    case "$command:$current" in
        :*{}) ;;
        remove:|update:|why:|remove:[!-]*|update:[!-]*|why:[!-]*)
            COMPREPLY=($(compgen -W "$(_envpm_packages)" -- "$current"))
            return ;;
        run:|run:[!-]*)
            COMPREPLY=($(compgen -W "$(_envpm_tasks)" -- "$current") $(compgen -f -- "$current"))
            return ;;
        *:[!-]*) COMPREPLY=($(compgen -f -- "$current")); return ;;
    esac
    COMPREPLY=($(compgen -W "$words {}" -- "$current"))
}}
complete -o default -F _envpm envpm
)sh",
                                         fmt::join(names(words), " "), fmt::join(flags_of(""), " "),
                                         cases, with_commands, fmt::join(flags_of(""), " "));
}

/// zsh itself finds the command among global flags and their values (`_arguments -C`).
std::string zsh_script() {
    std::string commands;
    std::string cases;
    for (const CommandWord& word : command_words()) {
        commands += fmt::format("        '{}:{}'\n", word.name, without_quotes(word.help));
        const std::vector<std::string> below = names(command_words(word.name));
        const std::string commands_below =
            below.empty() ? "" : fmt::format(" '1:command:({})'", fmt::join(below, " "));
        cases += fmt::format("        {}) _arguments \"${{everywhere[@]}}\" {}{} '{}' ;;\n",
                             word.name, fmt::join(zsh_flags_of(word.name), " "), commands_below,
                             zsh_words_of(word.name));
    }
    return "#compdef envpm\n" + std::string(value_functions) +
           fmt::format(R"(_envpm() {{
    local curcontext="$curcontext" context state state_descr line
    local -a commands everywhere
    typeset -A opt_args
    commands=(
{}    )
    everywhere=({})
    _arguments -C "${{everywhere[@]}}" '1:command:->command' '*::argument:->argument'
    case "$state" in
        command) _describe 'command' commands; return ;;
        argument) ;;
        *) return ;;
    esac
    case "$words[1]" in
{}    esac
}}
compdef _envpm envpm
)",
                       commands, fmt::join(zsh_flags_of(""), " "), cases);
}

/// Each as `_arguments` wants it, with what follows it where that is known.
std::vector<std::string> zsh_flags_of(const std::string& command) {
    constexpr std::pair<std::string_view, std::string_view> values[] = {
        {"--target", "target:{compadd -- $(_envpm_targets)}"},
        {"--color", "when:(auto always never)"},
        {"--manifest-path", "file:_files"},
        {"--config-file", "file:_files"},
        {"--directory", "folder:_files -/"}};
    std::vector<std::string> flags = flags_of(command);
    for (std::string& flag : flags) {
        for (const auto& [name, value] : values) {
            if (flag == name) {
                flag = fmt::format("'{}:{}'", name, value);
                break;
            }
        }
    }
    return flags;
}

/// What follows the flags.
std::string_view zsh_words_of(const std::string& command) {
    if (command == "run") {
        return "*:task:{compadd -- $(_envpm_tasks); _files}";
    }
    return command == "remove" || command == "update" || command == "why"
               ? "*:package:{compadd -- $(_envpm_packages)}"
               : "*:file:_files";
}

std::string fish_script() {
    std::string out = fish_value_functions;
    out += "complete -c envpm -f -n __fish_use_subcommand\n";
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
