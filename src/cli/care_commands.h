#pragma once

#include "base/dry_run.h"
#include "base/exit_code.h"

#include <chrono>
#include <cstdint>
#include <optional>

namespace envpm::cli {

struct Session;

// Commands that look after what is installed: the store, its objects and the environment's states.

struct SealCommand {};

struct RollbackCommand {
    std::optional<int> generation = {}; ///< none: the one before
};

struct VerifyCommand {
    bool quick = false;
};

struct RepairCommand {
    DryRun dry_run = DryRun::no;
};

struct GcCommand {
    DryRun dry_run = DryRun::no;
    std::optional<std::chrono::seconds> grace = {};
    std::optional<std::uint64_t> max_freed = {}; ///< bytes
};

ExitCode run(const SealCommand& command, const Session& session);
ExitCode run(const RollbackCommand& command, const Session& session);

/// Code 6 if something is damaged, or is left so by `repair`.
ExitCode run(const VerifyCommand& command, const Session& session);
ExitCode run(const RepairCommand& command, const Session& session);
ExitCode run(const GcCommand& command, const Session& session);

} // namespace envpm::cli
