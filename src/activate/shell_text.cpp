// How a shell is activated. The text first leaves an environment that is active already, so that
// what it saves is what was there before the first activation, and activating twice, or another
// one, needs no care. What is saved are the shell's own values at that moment, in `_ENVPM_OLD_…`.

#include "activate/environment.h"
#include "activate/variable_name.h"
#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace envpm::activate {

namespace {

/// What a shell is told.
struct Activation {
    Shell shell;
    const Changes& changes;
    std::string prompt;
    const CondaScripts& scripts;
};

std::string posix_text(const Activation& activation);
std::string posix_deactivate(const Activation& activation);
std::string fish_text(const Activation& activation);
std::string fish_deactivate(const Activation& activation);
std::string sources(const std::vector<std::filesystem::path>& scripts, std::string_view indent,
                    std::string (*quoted)(std::string_view));
std::string posix_quoted(std::string_view text);
std::string fish_quoted(std::string_view text);
std::string prompt_name(const std::string& workspace);

} // namespace

std::string shell_text(Shell shell, const Changes& changes, const Variables& before,
                       const std::string& workspace, const CondaScripts& scripts) {
    for (const auto& [name, value] : changes) {
        check_variable(name, value.value_or(""));
    }
    const std::string name = prompt_name(workspace);
    const bool has_prompt = !before.find("ENVPM_NO_PROMPT") && !name.empty();
    const std::string prompt = has_prompt ? "(" + name + ") " : std::string();
    const Activation activation{shell, changes, prompt, scripts};
    return shell == Shell::fish ? fish_text(activation) : posix_text(activation);
}

std::vector<std::string> with_scripts(std::vector<std::string> command, const CondaScripts& scripts,
                                      const std::vector<std::string>& runner) {
    if (scripts.activate.empty()) {
        return command;
    }
    std::string text = sources(scripts.activate, "", posix_quoted);
    if (!runner.empty()) {
        text += "builtin type -P -- \"$1\" >/dev/null && exec \"$@\"\n";
    }
    text += "exec ";
    for (const std::string& word : runner) {
        text += posix_quoted(word) + " ";
    }
    std::vector<std::string> out = {"bash", "-c", text + "\"$@\"", "envpm"};
    std::move(command.begin(), command.end(), std::back_inserter(out));
    return out;
}

namespace {

/// For shells under `set -eu` too: no unset variable is read, no bare command may fail.
std::string posix_text(const Activation& activation) {
    const auto& [shell, changes, prompt, scripts] = activation;
    std::string out = "if typeset -f envpm_deactivate >/dev/null; then envpm_deactivate; fi\n";
    for (const auto& [name, value] : changes) {
        out += fmt::format("if [ -n \"${{{0}+x}}\" ]; then _ENVPM_OLD_{0}=\"${{{0}}}\"; "
                           "else unset _ENVPM_OLD_{0}; fi\n",
                           name);
    }
    for (const auto& [name, value] : changes) {
        out += value ? fmt::format("export {}={}\n", name, posix_quoted(*value))
                     : fmt::format("unset {}\n", name);
    }
    out += sources(scripts.activate, "", posix_quoted);
    if (!prompt.empty()) {
        out +=
            fmt::format("if [ -n \"${{PS1+x}}\" ]; then _ENVPM_OLD_PS1=\"$PS1\"; PS1={}\"$PS1\"; "
                        "else unset _ENVPM_OLD_PS1; fi\n",
                        posix_quoted(prompt));
    }
    return out + posix_deactivate(activation);
}

std::string posix_deactivate(const Activation& activation) {
    const auto& [shell, changes, prompt, scripts] = activation;
    std::string out = "envpm_deactivate() {\n" + sources(scripts.deactivate, "    ", posix_quoted);
    for (const auto& [name, value] : changes) {
        out += fmt::format("    if [ -n \"${{_ENVPM_OLD_{0}+x}}\" ]; then "
                           "export {0}=\"$_ENVPM_OLD_{0}\"; else unset {0}; fi\n"
                           "    unset _ENVPM_OLD_{0}\n",
                           name);
    }
    if (!prompt.empty()) {
        out += "    if [ -n \"${_ENVPM_OLD_PS1+x}\" ]; then PS1=\"$_ENVPM_OLD_PS1\"; fi\n"
               "    unset _ENVPM_OLD_PS1\n";
    }
    // zsh: `unset -f` complains of a function that is running in some versions.
    out += shell == Shell::zsh ? "    unfunction envpm_deactivate\n"
                               : "    unset -f envpm_deactivate\n";
    return out + "}\n";
}

std::string fish_text(const Activation& activation) {
    const auto& [shell, changes, prompt, scripts] = activation;
    std::string out = "functions -q envpm_deactivate; and envpm_deactivate\n";
    for (const auto& [name, value] : changes) {
        out += fmt::format("if set -q {0}; set -g _ENVPM_OLD_{0} ${0}; "
                           "else; set -e _ENVPM_OLD_{0}; end\n",
                           name);
    }
    for (const auto& [name, value] : changes) {
        out += value ? fmt::format("set -gx {} {}\n", name, fish_quoted(*value))
                     : fmt::format("set -e {}\n", name);
    }
    out += sources(scripts.activate, "", fish_quoted);
    if (!prompt.empty()) {
        // The prompt of others shows the status of the last command, so it must find it.
        out += fmt::format("if functions -q fish_prompt\n"
                           "    functions -c fish_prompt _envpm_old_fish_prompt\n"
                           "    function _envpm_status; return $argv[1]; end\n"
                           "    function fish_prompt\n"
                           "        set -l last $status\n"
                           "        printf '%s' {}\n"
                           "        _envpm_status $last\n"
                           "        _envpm_old_fish_prompt\n"
                           "    end\n"
                           "end\n",
                           fish_quoted(prompt));
    }
    return out + fish_deactivate(activation);
}

std::string fish_deactivate(const Activation& activation) {
    const auto& [shell, changes, prompt, scripts] = activation;
    std::string out =
        "function envpm_deactivate\n" + sources(scripts.deactivate, "    ", fish_quoted);
    for (const auto& [name, value] : changes) {
        out += fmt::format("    if set -q _ENVPM_OLD_{0}; set -gx {0} $_ENVPM_OLD_{0}; "
                           "else; set -e {0}; end\n"
                           "    set -e _ENVPM_OLD_{0}\n",
                           name);
    }
    if (!prompt.empty()) {
        out += "    if functions -q _envpm_old_fish_prompt\n"
               "        functions -e fish_prompt _envpm_status\n"
               "        functions -c _envpm_old_fish_prompt fish_prompt\n"
               "        functions -e _envpm_old_fish_prompt\n"
               "    end\n";
    }
    return out + "    functions -e envpm_deactivate\nend\n";
}

/// One that fails ends neither what is evaluated nor a shell under `set -e`.
std::string sources(const std::vector<std::filesystem::path>& scripts, std::string_view indent,
                    std::string (*quoted)(std::string_view)) {
    std::string out;
    for (const std::filesystem::path& script : scripts) {
        out += fmt::format("{}source {} || true\n", indent, quoted(script.string()));
    }
    return out;
}

/// Within single quotes only the quote itself means something.
std::string posix_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return out + "'";
}

/// fish reads a backslash within single quotes.
std::string fish_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        out += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
    }
    return out + "'";
}

/// Shells expand their prompt each time that they show it, `$(…)` and `%` included, and terminals
/// obey control characters: of a name only what is harmless in all of them is shown.
std::string prompt_name(const std::string& workspace) {
    constexpr std::string_view harmless = "-_.+@:/ ";
    std::string out;
    for (const char c : workspace) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_word = is_letter_or_digit(c) || byte >= 0xa0;
        const bool continues = byte >= 0x80 && byte < 0xa0;
        if (is_word || continues || harmless.find(c) != std::string_view::npos) {
            out += c;
        }
    }
    return out;
}

} // namespace

} // namespace envpm::activate
