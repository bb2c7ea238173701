#pragma once

#include "base/exit_code.h"
#include "base/variables.h"
#include "cli/global_options.h"
#include "cli/shared_flags.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace envpm::cli {

struct Session;

// Commands that make the environment, or work in it. What cannot be solved is told and gives its
// code; a failure is an Error, and leaves the environment that was there.

struct InstallCommand {
    bool locked = false; ///< never with `frozen`
    bool frozen = false;
    std::optional<std::filesystem::path> prefix = {};
    SpeedFlags speed = {};
    std::optional<CheckPolicy> self_test = {};
    std::optional<CheckPolicy> audit = {};
};

struct RunCommand {
    EntryFlags entry = {};
    bool is_activated = false;           ///< by which envpm calls itself behind bash
    std::vector<std::string> words = {}; ///< the command to run, and its arguments
};

struct ShellCommand {
    EntryFlags entry = {};
};

struct ShellHookCommand {
    std::optional<std::string> shell = {};
    EntryFlags entry = {};
};

ExitCode run(const InstallCommand& command, const Session& session);

/// Becomes the command, and does not return if the environment can be entered. So does `shell`.
ExitCode run(const RunCommand& command, const Session& session);
ExitCode run(const ShellCommand& command, const Session& session);
ExitCode run(const ShellHookCommand& command, const Session& session);

/// `run --activated`, what bash becomes behind the scripts of conda packages.
[[noreturn]] void become_activated(const RunCommand& command, const GlobalOptions& global,
                                   const Variables& variables);

} // namespace envpm::cli
