#pragma once

#include "activate/environment.h"
#include "project/project.h"
#include "project/services.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::pipeline {

/// An activated environment: what changes, and everything that a command in it sees.
struct ActiveEnvironment {
    std::filesystem::path prefix;
    std::string workspace;
    activate::Changes changes;
    Variables variables;
    bool sources_scripts = false; ///< those of conda packages (`activate/conda_files.h`)
};

/// Activates the project's current prefix; an Error (code 1) says to install first, or that what is
/// installed is of another target than the named one. A note names what conda packages wanted to
/// set and may not.
ActiveEnvironment activate_project(const project::Project& project,
                                   const std::optional<std::string>& target,
                                   const project::Services& services);

/// The command line that `run` executes: a task of the manifest by its name, its arguments passed
/// on, or the command as it is. If the environment sources the scripts of conda packages, it is
/// bash that sources them and becomes the command, or `envpm run --activated --manifest-path FILE
/// -- COMMAND`, which tells of one that is not there. An Error (code 1) for `pip` if it is not the
/// environment's own.
std::vector<std::string> command_to_run(const project::Project& project,
                                        const ActiveEnvironment& environment,
                                        const std::vector<std::string>& words);

/// The tasks of the manifest, in its order.
std::vector<std::string> task_names(const project::Project& project);

} // namespace envpm::pipeline
