#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace envpm {

/// A program whose answer is wanted: short-lived, asked for one thing, not trusted to end.
struct ProcessRequest {
    std::vector<std::string> command;           ///< the program's path first; PATH is not searched
    std::vector<std::string> environment;       ///< all of it: "NAME=value"
    std::filesystem::path folder = "/";         ///< where it runs
    std::chrono::milliseconds time_limit{5000}; ///< then its process group is killed
    std::size_t limit_bytes = 1U << 20U;        ///< of output; more than that and it is killed
    std::chrono::milliseconds patience{1000};   ///< for a killed one to be gone
    std::stop_token stop = {};                  ///< it is killed soon after a request
};

enum class ProcessEnd {
    exited,      ///< by itself; `exit_code` says how
    signalled,   ///< by a signal that we did not send
    timed_out,   ///< killed for its time, or because a stop was requested
    overflowed,  ///< killed for its output
    not_started, ///< no such program, or not one that can be run
};

struct ProcessResult {
    ProcessEnd end = ProcessEnd::not_started;
    int exit_code = -1;   ///< only if it exited
    std::string output;   ///< what came on stdout, up to the limit
    int error_number = 0; ///< why it was not started
};

/// Runs a program with no input and its stderr dropped, in a process group of its own with default
/// signals, and returns when it has ended: whatever it left running in that group is killed then.
/// One that cannot be killed, because it waits for a device, is left behind. Throws only if the
/// system has no pipe or process for it. Any thread may call it.
ProcessResult run_process(const ProcessRequest& request);

} // namespace envpm
