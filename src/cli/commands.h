#pragma once

#include "base/exit_code.h"
#include "base/variables.h"

#include <chrono>
#include <cstdint>
#include <stop_token>

namespace envpm::cli {

/// What the process was started with; `main` fills it.
struct Invocation {
    int argument_count = 0;
    const char* const* arguments = nullptr;
    Variables variables;
    std::stop_token stop;
    std::chrono::system_clock::time_point now;
    std::uint64_t random_seed = 0; ///< so that many machines do not retry at the same moment
};

/// Runs one command and tells its outcome: data on standard output, everything else on standard
/// error. Never throws; every failure is told and becomes an exit code. `run` and `shell` become
/// their command and do not return.
ExitCode run_command(const Invocation& invocation);

} // namespace envpm::cli
