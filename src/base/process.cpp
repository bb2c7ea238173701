#include "base/process.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/handle.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>

namespace envpm {

namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
    Fd read_end;
    Fd write_end;
};

/// A child that is not yet reaped: until then neither its id nor its group's can be given to
/// another, so that killing the group hits nobody else.
class Child {
  public:
    explicit Child(pid_t id)
        : id_(id) {}

    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    Child(Child&&) = delete;
    Child& operator=(Child&&) = delete;

    ~Child() { reap(); }

    /// Waits for its end, which stays unreaped; false if `deadline` came first.
    [[nodiscard]] bool wait_until(Clock::time_point deadline) const;

    /// Kills what is left of the group and collects the status.
    int reap();

  private:
    pid_t id_;
    int status_ = 0;
};

/// What a spawn needs besides the command; the attribute handles of C are freed with it.
class SpawnSettings {
  public:
    SpawnSettings(const ProcessRequest& request, const Pipe& pipe);
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    SpawnSettings(SpawnSettings&&) = delete;
    SpawnSettings& operator=(SpawnSettings&&) = delete;
    ~SpawnSettings();

    posix_spawn_file_actions_t files{};
    posix_spawnattr_t attributes{};
};

Pipe open_pipe();
int spawn(const ProcessRequest& request, const Pipe& pipe, pid_t& id);
ProcessEnd read_output(int descriptor, const ProcessRequest& request, Clock::time_point deadline,
                       std::string& output);
std::optional<ProcessEnd> read_block(int descriptor, const ProcessRequest& request,
                                     std::string& output);
std::optional<ProcessEnd> after_failure(int error, const ProcessRequest& request);
int milliseconds_until(Clock::time_point deadline);

} // namespace

ProcessResult run_process(const ProcessRequest& request) {
    ENVPM_ASSERT(!request.command.empty());
    const Clock::time_point deadline = Clock::now() + request.time_limit;
    Pipe pipe = open_pipe();
    pid_t id = -1;
    if (const int failure = spawn(request, pipe, id); failure != 0) {
        if (failure == EAGAIN || failure == ENOMEM) {
            throw_system_error("cannot start a process", request.command.front(), failure);
        }
        return {ProcessEnd::not_started, -1, {}, failure};
    }
    Child child(id);
    pipe.write_end.reset();

    ProcessResult result;
    result.end = read_output(pipe.read_end.get(), request, deadline, result.output);
    if (result.end == ProcessEnd::exited && !child.wait_until(deadline)) {
        result.end = ProcessEnd::timed_out;
    }
    const int status = child.reap();
    if (result.end == ProcessEnd::exited) {
        result.end = WIFEXITED(status) ? ProcessEnd::exited : ProcessEnd::signalled;
        result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    return result;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (const std::string& text : texts) {
        pointers.push_back(const_cast<char*>(text.c_str()));
    }
    pointers.push_back(nullptr);
    return pointers;
}

namespace {

bool Child::wait_until(Clock::time_point deadline) const {
    while (true) {
        siginfo_t information{};
        const int found =
            ::waitid(P_PID, static_cast<id_t>(id_), &information, WEXITED | WNOHANG | WNOWAIT);
        if (found == 0 && information.si_pid == id_) {
            return true;
        }
        if (Clock::now() >= deadline) {
            return false;
        }
        // It has closed its output, so its end is near; a wait with a time limit needs a pidfd,
        // which kernels before 5.3 lack.
        ::poll(nullptr, 0, 1);
    }
}

int Child::reap() {
    if (id_ > 0) {
        ::kill(-id_, SIGKILL);
        while (::waitpid(id_, &status_, 0) < 0 && errno == EINTR) {
        }
        id_ = -1;
    }
    return status_;
}

SpawnSettings::SpawnSettings(const ProcessRequest& request, const Pipe& pipe) {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    int failed = ::posix_spawn_file_actions_init(&files);
    failed |= ::posix_spawnattr_init(&attributes);
    failed |= ::posix_spawn_file_actions_addchdir_np(&files, request.folder.c_str());
    failed |= ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    failed |= ::posix_spawn_file_actions_adddup2(&files, pipe.write_end.get(), STDOUT_FILENO);
    failed |= ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    failed |= ::posix_spawnattr_setpgroup(&attributes, 0);
    failed |= ::posix_spawnattr_setsigmask(&attributes, &none);
    failed |= ::posix_spawnattr_setsigdefault(&attributes, &all);
    failed |= ::posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    // These only fill memory; they fail where there is none.
    ENVPM_ASSERT(failed == 0);
}

SpawnSettings::~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
}

/// Both ends above the standard descriptors: dup2 onto itself would leave O_CLOEXEC set, and a
/// caller may have been started with stdout closed.
Pipe open_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw_system_error("cannot open a pipe", {}, errno);
    }
    Pipe pipe{Fd(ends[0]), Fd(ends[1])};
    for (Fd* end : {&pipe.read_end, &pipe.write_end}) {
        Fd higher(::fcntl(end->get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
        if (!higher) {
            throw_system_error("cannot open a pipe", {}, errno);
        }
        *end = std::move(higher);
    }
    return pipe;
}

int spawn(const ProcessRequest& request, const Pipe& pipe, pid_t& id) {
    const SpawnSettings settings(request, pipe);
    const std::vector<char*> arguments = pointers_to(request.command);
    const std::vector<char*> environment = pointers_to(request.environment);
    return ::posix_spawn(&id, arguments.front(), &settings.files, &settings.attributes,
                         arguments.data(), environment.data());
}

ProcessEnd read_output(int descriptor, const ProcessRequest& request, Clock::time_point deadline,
                       std::string& output) {
    while (true) {
        pollfd ready{descriptor, POLLIN, 0};
        const int count = ::poll(&ready, 1, milliseconds_until(deadline));
        if (count == 0) {
            return ProcessEnd::timed_out;
        }
        const std::optional<ProcessEnd> end =
            count < 0 ? after_failure(errno, request) : read_block(descriptor, request, output);
        if (end) {
            return *end;
        }
        if (Clock::now() >= deadline) {
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

/// A signal is no reason to stop reading; anything else is thrown.
std::optional<ProcessEnd> after_failure(int error, const ProcessRequest& request) {
    if (error != EINTR) {
        throw_system_error("cannot read a program's output", request.command.front(), error);
    }
    return std::nullopt;
}

int milliseconds_until(Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

} // namespace

} // namespace envpm
