#pragma once

#include "base/handle.h"

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace envpm {

/// What a program is started with.
struct ChildCommand {
    std::vector<std::string> command;     ///< the program's path first; PATH is not searched
    std::vector<std::string> environment; ///< all of it: "NAME=value"
    std::filesystem::path folder = "/";   ///< where it runs
};

/// A program under way that nobody may wait for without a limit: it has no input, its stderr is
/// dropped, its stdout is a pipe, and it leads a process group of its own with default signals.
/// Until its status is collected neither its id nor its group's can be given to another, so that
/// killing the group hits nobody else. Of one thread.
class ChildProcess {
  public:
    /// What comes of a start: a child, or why the program cannot be run (errno).
    struct Start;

    /// Throws only if the system has no pipe or process for it.
    static Start start(const ChildCommand& command);

    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&&) = delete;
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// Kills what is left of the group; waits for the child as `end` does.
    ~ChildProcess();

    /// The read end of its stdout, for poll and read. It does not block.
    [[nodiscard]] int output() const { return output_.get(); }

    /// Whether it has ended by itself; its status stays where it is. Something that it started may
    /// hold the pipe open for longer.
    [[nodiscard]] bool has_ended() const;

    /// Kills what is left of the group and collects the status, as waitpid gives it. Nothing if the
    /// kernel does not let the child go within `patience`: one that waits for a wedged device
    /// cannot be killed. It is then left to whoever inherits it.
    std::optional<int> end(std::chrono::milliseconds patience = std::chrono::seconds(1));

  private:
    ChildProcess(pid_t id, Fd output)
        : id_(id),
          output_(std::move(output)) {}

    pid_t id_;
    Fd output_;
};

struct ChildProcess::Start {
    std::optional<ChildProcess> child;
    int error_number = 0;
};

/// What execve and its like want: `char* const*`, ended by a null. They change nothing behind it;
/// `texts` must outlive it.
std::vector<char*> pointers_to(const std::vector<std::string>& texts);

} // namespace envpm
