#pragma once

#include "base/exit_code.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::cli {

struct Session;

// Commands on what is known of GPUs, and on this machine as a target. They need no project.

struct GpuFactsCommand {
    std::vector<std::string> words = {}; ///< that a row must have
};

struct GpuFitsCommand {
    std::optional<std::string> driver = {};
    std::vector<std::string> gpus = {}; ///< products or compute capabilities
    std::optional<std::string> platform = {};
    bool is_wsl = false;
};

struct TargetDetectCommand {
    std::optional<std::string> name = {}; ///< of the target
};

ExitCode run(const GpuFactsCommand& command, const Session& session);
ExitCode run(const GpuFitsCommand& command, const Session& session);
ExitCode run(const TargetDetectCommand& command, const Session& session);

} // namespace envpm::cli
