#pragma once

#include "base/error.h"
#include "cli/global_options.h"
#include "cli/terminal.h"
#include "project/project.h"
#include "project/services.h"

#include <filesystem>
#include <optional>

namespace envpm::cli {

/// One command under way: what it was asked, and where it tells.
struct Session {
    const GlobalOptions& global;
    const Terminal& terminal;
    project::Services& services;
    std::filesystem::path start; ///< the folder that it works in
    /// `doctor` works in spite of it, with the settings that are built in.
    std::optional<ErrorText> settings_error = {};
};

/// The project that the command is for; an edit that a crash interrupted is settled first.
project::Project project_of(const Session& session);

/// An Error (code 2) for a `--target` that the manifest does not have, before anything is written
/// or shown. For commands that do not choose a target of the lock, which finds that out.
void check_target(const Session& session, const project::Project& project);

/// As project_of, for commands that work without a project too.
std::optional<project::Project> project_if_any(const Session& session);

} // namespace envpm::cli
