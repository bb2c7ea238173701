#include "base/process.h"

#include "base/assert.h"
#include "base/child_process.h"
#include "base/error.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

namespace envpm {

namespace {

using Clock = std::chrono::steady_clock;

bool ends_in_time(const ChildProcess& child, const ProcessRequest& request,
                  Clock::time_point deadline);
ProcessEnd read_output(int descriptor, const ProcessRequest& request, Clock::time_point deadline,
                       std::string& output);
std::optional<ProcessEnd> read_block(int descriptor, const ProcessRequest& request,
                                     std::string& output);
std::optional<ProcessEnd> after_failure(int error, const ProcessRequest& request);
bool is_over(const ProcessRequest& request, Clock::time_point deadline);
int milliseconds_to_wait(const ProcessRequest& request, Clock::time_point deadline);

} // namespace

ProcessResult run_process(const ProcessRequest& request) {
    const Clock::time_point deadline = Clock::now() + request.time_limit;
    ChildProcess::Start start =
        ChildProcess::start({request.command, request.environment, request.folder});
    if (!start.child) {
        return {ProcessEnd::not_started, -1, {}, start.error_number};
    }
    ProcessResult result;
    result.end = read_output(start.child->output(), request, deadline, result.output);
    if (result.end == ProcessEnd::exited && !ends_in_time(*start.child, request, deadline)) {
        result.end = ProcessEnd::timed_out;
    }
    const std::optional<int> status = start.child->end(request.patience);
    if (result.end == ProcessEnd::exited) {
        const bool has_code = status && WIFEXITED(*status);
        result.end = has_code ? ProcessEnd::exited : ProcessEnd::signalled;
        result.exit_code = has_code ? WEXITSTATUS(*status) : -1;
    }
    return result;
}

namespace {

/// It has closed its output, so its end is near; a wait with a time limit needs a pidfd, which
/// kernels before 5.3 lack.
bool ends_in_time(const ChildProcess& child, const ProcessRequest& request,
                  Clock::time_point deadline) {
    while (!child.has_ended()) {
        if (is_over(request, deadline)) {
            return false;
        }
        ::poll(nullptr, 0, 1);
    }
    return true;
}

ProcessEnd read_output(int descriptor, const ProcessRequest& request, Clock::time_point deadline,
                       std::string& output) {
    while (true) {
        pollfd ready{descriptor, POLLIN, 0};
        const int count = ::poll(&ready, 1, milliseconds_to_wait(request, deadline));
        std::optional<ProcessEnd> end;
        if (count != 0) {
            end =
                count < 0 ? after_failure(errno, request) : read_block(descriptor, request, output);
        }
        if (end) {
            return *end;
        }
        if (is_over(request, deadline)) {
            return ProcessEnd::timed_out;
        }
    }
}

/// Adds what is there to `output`; none if more may come.
std::optional<ProcessEnd> read_block(int descriptor, const ProcessRequest& request,
                                     std::string& output) {
    std::array<char, 4096> block{};
    const ssize_t got = ::read(descriptor, block.data(), block.size());
    if (got < 0) {
        return after_failure(errno, request);
    }
    if (got == 0) {
        return ProcessEnd::exited;
    }
    const std::size_t room = request.limit_bytes - output.size();
    const auto more = static_cast<std::size_t>(got);
    output.append(block.data(), std::min(room, more));
    return more > room ? std::optional(ProcessEnd::overflowed) : std::nullopt;
}

/// A signal, or nothing there after all, is no reason to stop reading; anything else is thrown.
std::optional<ProcessEnd> after_failure(int error, const ProcessRequest& request) {
    if (error != EINTR && error != EAGAIN) {
        throw_system_error("cannot read a program's output", request.command.front(), error);
    }
    return std::nullopt;
}

bool is_over(const ProcessRequest& request, Clock::time_point deadline) {
    return request.stop.stop_requested() || Clock::now() >= deadline;
}

/// A stop does not end a wait, so that who may be asked for one waits for short whiles.
int milliseconds_to_wait(const ProcessRequest& request, Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const std::int64_t most = request.stop.stop_possible() ? 100 : 60'000;
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, most));
}

} // namespace

} // namespace envpm
