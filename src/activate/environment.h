#pragma once

#include "base/variables.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace envpm::activate {

/// What changes in an environment when a prefix is activated: set, or (no value) unset; in order.
using Changes = std::vector<std::pair<std::string, std::optional<std::string>>>;

struct ActivationRequest {
    std::filesystem::path prefix;    ///< the real one, p/<digest>
    std::filesystem::path project;   ///< absolute
    std::string workspace;           ///< its name, for prompts
    bool has_conda_packages = false; ///< then CONDA_PREFIX is set too
    std::vector<std::pair<std::string, std::string>> conda_variables; ///< set as they are
    std::vector<std::pair<std::string, std::string>> variables;       ///< `[activation.env]`
};

/// PATH begins with the prefix's bin (once, however often it is activated), VIRTUAL_ENV,
/// ENVPM_PREFIX and ENVPM_PROJECT_ROOT are set, PYTHONHOME and PYTHONPATH unset; then come the
/// variables of conda packages, and last `[activation.env]`, whose values may name `$NAME`,
/// `${NAME}` and `$$`. Pure.
Changes activation(const ActivationRequest& request, const Variables& before);

Variables apply(const Changes& changes, Variables before);

enum class Shell { bash, zsh, fish };

std::optional<Shell> parse_shell(std::string_view text);

/// Shell code of conda packages, to be sourced in this order (`conda_files.h`).
struct CondaScripts {
    std::vector<std::filesystem::path> activate;
    std::vector<std::filesystem::path> deactivate;
};

/// Text to `eval`: the changes, then the scripts of `activate`, and a function `envpm_deactivate`
/// that sources those of `deactivate` and undoes the changes. Quoted so that no value is ever run.
std::string shell_text(Shell shell, const Changes& changes, const Variables& before,
                       const std::string& workspace, const CondaScripts& scripts = {});

/// A command line by which bash sources the scripts of `activate` and becomes `command`; where the
/// PATH that the scripts left has no such program, the words of `runner` with those of `command`
/// behind them: of `envpm run --activated --`, so that it is told as always. `command` itself if
/// there are no scripts.
std::vector<std::string> with_scripts(std::vector<std::string> command, const CondaScripts& scripts,
                                      const std::vector<std::string>& runner);

/// The names that `run` knows besides programs, asked for only if there is no such program.
using TaskNames = std::function<std::vector<std::string>()>;

/// Becomes `command` (execve; looked up in the new PATH). Returns only by throwing: an Error that
/// names the command, with code 127, or 126 if it is there and does not start, and the near miss
/// among the prefix's programs and `tasks`; if none is near, which tasks there are.
[[noreturn]] void become(const std::vector<std::string>& command, const Variables& variables,
                         const std::filesystem::path& prefix, const TaskNames& tasks = {});

} // namespace envpm::activate
