#pragma once

#include "base/dry_run.h"
#include "base/exit_code.h"
#include "cli/shared_flags.h"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace envpm::cli {

struct Session;

// Commands that write the manifest or the lock. Each is what the command line says of it, checked
// for form, and one function that does it: that shows its outcome, and gives the code of what is
// an answer (no solution); a failure is an Error, and leaves manifest and lock as they were.

struct InitCommand {
    std::optional<std::string> folder = {};
    std::optional<std::string> name = {};
    std::optional<std::filesystem::path> import_file = {}; ///< --import
    std::string environment = "default";                   ///< of the file to import
};

struct AddCommand {
    std::vector<std::string> requirements = {};
    std::vector<std::filesystem::path> files = {}; ///< -r, --requirements
    std::optional<std::string> index = {};
    bool as_wheels = false; ///< --pypi
    bool no_install = false;
    SpeedFlags speed = {};
};

struct RemoveCommand {
    std::vector<std::string> names = {};
    bool no_install = false;
    SpeedFlags speed = {};
};

struct LockCommand {
    bool check = false;
    bool upgrade = false;
    std::vector<std::string> upgrade_packages = {};
    bool refresh = false;
    DryRun dry_run = DryRun::no;
    std::optional<std::size_t> repair = {}; ///< the number of an offered change
    std::optional<std::string> exclude_newer = {};
};

struct UpdateCommand {
    std::vector<std::string> packages = {};
    DryRun dry_run = DryRun::no;
    bool no_install = false;
    std::optional<std::string> exclude_newer = {};
    SpeedFlags speed = {};
};

ExitCode run(const InitCommand& command, const Session& session);
ExitCode run(const AddCommand& command, const Session& session);
ExitCode run(const RemoveCommand& command, const Session& session);
ExitCode run(const LockCommand& command, const Session& session);
ExitCode run(const UpdateCommand& command, const Session& session);

} // namespace envpm::cli
