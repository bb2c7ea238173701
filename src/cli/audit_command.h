#pragma once

#include "base/exit_code.h"
#include "model/cuda_version.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace envpm::cli {

struct Session;

struct AuditCommand {
    std::optional<std::filesystem::path> prefix = {};
    std::vector<std::string> gpus = {}; ///< products or compute capabilities
    std::optional<CudaVersion> driver_cuda = {};
    std::vector<std::string> allowed = {}; ///< --allow
};

/// Code 6 if the audit has an error.
ExitCode run(const AuditCommand& command, const Session& session);

} // namespace envpm::cli
