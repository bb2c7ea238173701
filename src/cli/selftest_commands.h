#pragma once

#include "base/exit_code.h"
#include "model/gpu_policy.h"

#include <chrono>
#include <filesystem>
#include <optional>

namespace envpm::cli {

struct Session;

struct SelftestCommand {
    bool recheck = false;
    bool is_deep = false;
    bool with_torch = false;
    std::optional<std::filesystem::path> receipt = {}; ///< `-` is standard output
    std::optional<CheckPolicy> policy = {};
    std::optional<std::chrono::milliseconds> time_limit = {}; ///< for all GPUs together
};

struct DoctorCommand {
    std::optional<std::chrono::milliseconds> time_limit = {}; ///< for the driver
};

/// Code 7 if a GPU failed and the policy is strict, as it is without the flag.
ExitCode run(const SelftestCommand& command, const Session& session);

/// Works with settings that are wrong too, and tells so. Code 1 if something is.
ExitCode run(const DoctorCommand& command, const Session& session);

} // namespace envpm::cli
