#pragma once

#include "activate/environment.h"
#include "pipeline/run.h"

#include <filesystem>
#include <string>
#include <vector>

namespace envpm::cli {

/// A shell by name or path ("/usr/bin/zsh"); an Error of code 2 lists what is known, one of code 1
/// if `origin` is the variable SHELL.
activate::Shell shell_named(const std::string& text, const std::string& origin);

/// The scripts of conda packages for that shell, if the environment sources them.
activate::CondaScripts scripts_of(const pipeline::ActiveEnvironment& environment,
                                  activate::Shell shell);

struct ShellStart {
    std::vector<std::string> command;
    Variables variables;
};

/// How to start the user's interactive shell so that the environment is active after the user's own
/// start files ran: they often put folders in front of PATH. Writes one start file into `folder`.
ShellStart shell_start(const pipeline::ActiveEnvironment& environment, const Variables& before,
                       const std::filesystem::path& folder);

} // namespace envpm::cli
