#pragma once

#include "base/variables.h"
#include "selftest/report.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace envpm::selftest {

struct ProbeRequest {
    std::filesystem::path program;              ///< envpm-gpuprobe
    Variables variables;                        ///< those of the environment that is activated
    std::chrono::milliseconds time_limit{3000}; ///< for all GPUs together
    std::chrono::milliseconds patience{1000};   ///< for a killed probe to be gone
    std::optional<std::filesystem::path> wsl{}; ///< the folder of WSL's libraries, for tests
};

/// Runs a kernel on every visible GPU, each in a process of its own: a driver that hangs or crashes
/// over one GPU says nothing about the others. The first process names the GPUs, and the others
/// start when it has; one GPU costs one process. Returns when all have ended, or soon after the
/// limit, whatever the driver does. Throws only if the system has no pipe or process.
ProbeReport probe(const ProbeRequest& request);

/// What NVML knows, whatever CUDA_VISIBLE_DEVICES hides; nothing within the limit is an empty
/// report.
ManagementReport ask_management(const ProbeRequest& request);

} // namespace envpm::selftest
