#pragma once

#include "base/exit_code.h"

#include <filesystem>
#include <optional>
#include <string>

namespace envpm::cli {

struct Session;

struct ExportCommand {
    std::string format = {};
    std::optional<std::filesystem::path> output = {}; ///< `-` is standard output, as none.
                                                      ///< Of blobs: their folder
};

/// An output that would replace the manifest or the lock is an Error, before anything is read.
ExitCode run(const ExportCommand& command, const Session& session);

} // namespace envpm::cli
