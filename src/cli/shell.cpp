#include "cli/shell.h"

#include "activate/conda_files.h"
#include "base/error.h"
#include "base/files.h"

#include <fmt/format.h>

namespace envpm::cli {

namespace {

std::string quoted(const std::string& text);

} // namespace

activate::Shell shell_named(const std::string& text, const std::string& origin) {
    const std::string name = std::filesystem::path(text).filename().string();
    if (const auto shell = activate::parse_shell(name)) {
        return *shell;
    }
    const bool is_variable = origin == "SHELL";
    throw Error({fmt::format("`{}` is no shell that envpm knows", text), origin,
                 is_variable ? "name the one that you use with `--shell`: bash, zsh or fish"
                             : "known: bash, zsh, fish"},
                is_variable ? ExitCode::failed : ExitCode::usage);
}

activate::CondaScripts scripts_of(const pipeline::ActiveEnvironment& environment,
                                  activate::Shell shell) {
    return environment.sources_scripts ? activate::conda_scripts(shell, environment.prefix)
                                       : activate::CondaScripts();
}

ShellStart shell_start(const pipeline::ActiveEnvironment& environment, const Variables& before,
                       const std::filesystem::path& folder) {
    const std::string program = before.find("SHELL").value_or("/bin/bash");
    const std::string name = std::filesystem::path(program).filename().string();
    const auto known = activate::parse_shell(name);
    if (!known) {
        return {{program}, environment.variables};
    }
    const std::string text =
        activate::shell_text(*known, environment.changes, before, environment.workspace,
                             scripts_of(environment, *known));
    Variables variables = before;
    switch (*known) {
    case activate::Shell::bash: {
        const std::filesystem::path file = folder / "bashrc";
        write_file(file, "[ -r ~/.bashrc ] && . ~/.bashrc\n" + text, Durability::cached);
        return {{program, "--rcfile", file.string(), "-i"}, std::move(variables)};
    }
    case activate::Shell::zsh: {
        // zsh reads its start files from ZDOTDIR; ours reads the user's first, and the user's
        // .zshenv may move ZDOTDIR on.
        const auto own = before.find("ZDOTDIR");
        write_file(folder / ".zshrc",
                   (own ? "export ZDOTDIR=" + quoted(*own) : std::string("unset ZDOTDIR")) +
                       "\nfor envpm_file in .zshenv .zshrc; do\n"
                       "    [ -r \"${ZDOTDIR:-$HOME}/$envpm_file\" ] && "
                       ". \"${ZDOTDIR:-$HOME}/$envpm_file\"\n"
                       "done\nunset envpm_file\n" +
                       text,
                   Durability::cached);
        variables.set("ZDOTDIR", folder.string());
        return {{program, "-i"}, std::move(variables)};
    }
    case activate::Shell::fish:
        break;
    }
    const std::filesystem::path file = folder / "init.fish";
    write_file(file, text, Durability::cached);
    return {{program, "-i", "--init-command", "source " + quoted(file.string())},
            std::move(variables)};
}

namespace {

/// As one word, for zsh and fish alike: fish takes \\ and \' within single quotes for escapes, so
/// both stand outside of them.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
        const bool is_special = c == '\'' || c == '\\';
        out += is_special ? std::string("'\\") + c + "'" : std::string(1, c);
    }
    return out + "'";
}

} // namespace

} // namespace envpm::cli
