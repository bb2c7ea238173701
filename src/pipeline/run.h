#pragma once

#include "activate/environment.h"
#include "pipeline/project.h"
#include "pipeline/services.h"

#include <string>
#include <vector>

namespace envpm::pipeline {

/// An activated environment: what changes, and everything that a command in it sees.
struct ActiveEnvironment {
    std::filesystem::path prefix;
    std::string workspace;
    activate::Changes changes;
    Variables variables;
};

/// Activates the project's current prefix; an Error (code 1) says to install first.
ActiveEnvironment activate_project(const Project& project, const Services& services);

/// The command line that `run` executes: a task of the manifest by its name, its arguments passed
/// on, or the command as it is.
std::vector<std::string> command_to_run(const Project& project,
                                        const std::vector<std::string>& words);

} // namespace envpm::pipeline
