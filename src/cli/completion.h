#pragma once

#include <string>

namespace envpm::cli {

struct CompletionCommand {
    std::string shell = {};
};

/// The completion script of bash, zsh or fish, made from the commands and flags that there are. An
/// Error of code 2 for another shell.
std::string completion_script(const std::string& shell);

} // namespace envpm::cli
