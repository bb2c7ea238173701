#include "base/child_process.h"

#include "base/assert.h"
#include "base/error.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace envpm {

namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
    Fd read_end;
    Fd write_end;
};

/// What a spawn needs besides the command; the attribute handles of C are freed with it.
class SpawnSettings {
  public:
    SpawnSettings(const ChildCommand& command, const Pipe& pipe);
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    SpawnSettings(SpawnSettings&&) = delete;
    SpawnSettings& operator=(SpawnSettings&&) = delete;
    ~SpawnSettings();

    posix_spawn_file_actions_t files{};
    posix_spawnattr_t attributes{};
};

struct Spawned {
    int failure = 0; ///< the system's number for why there is none
    pid_t id = -1;
};

Pipe open_pipe();
Spawned spawn(const ChildCommand& command, const Pipe& pipe);

} // namespace

ChildProcess::Start ChildProcess::start(const ChildCommand& command) {
    ENVPM_ASSERT(!command.command.empty());
    Pipe pipe = open_pipe();
    const Spawned spawned = spawn(command, pipe);
    if (spawned.failure == EAGAIN || spawned.failure == ENOMEM) {
        throw_system_error("cannot start a process", command.command.front(), spawned.failure);
    }
    if (spawned.failure != 0) {
        return {std::nullopt, spawned.failure};
    }
    return {ChildProcess(spawned.id, std::move(pipe.read_end)), 0};
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : id_(std::exchange(other.id_, -1)),
      output_(std::move(other.output_)) {}

ChildProcess::~ChildProcess() {
    end();
}

bool ChildProcess::has_ended() const {
    siginfo_t information{};
    const int found =
        ::waitid(P_PID, static_cast<id_t>(id_), &information, WEXITED | WNOHANG | WNOWAIT);
    return found == 0 && information.si_pid == id_;
}

std::optional<int> ChildProcess::end(std::chrono::milliseconds patience) {
    const pid_t id = std::exchange(id_, -1);
    if (id <= 0) {
        return std::nullopt;
    }
    ::kill(-id, SIGKILL);
    const Clock::time_point deadline = Clock::now() + patience;
    while (true) {
        int status = 0;
        const pid_t found = ::waitpid(id, &status, WNOHANG);
        if (found == id) {
            return status;
        }
        if (found < 0 && errno != EINTR) {
            return std::nullopt; // somebody else collected it: the caller ignores SIGCHLD
        }
        if (Clock::now() >= deadline) {
            return std::nullopt;
        }
        ::poll(nullptr, 0, 1);
    }
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

SpawnSettings::SpawnSettings(const ChildCommand& command, const Pipe& pipe) {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    int failed = ::posix_spawn_file_actions_init(&files);
    failed |= ::posix_spawnattr_init(&attributes);
    failed |= ::posix_spawn_file_actions_addchdir_np(&files, command.folder.c_str());
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
/// caller may have been started with stdout closed. Only our end does not block: the program's own
/// writes are to be whole.
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
    if (::fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK) != 0) {
        throw_system_error("cannot open a pipe", {}, errno);
    }
    return pipe;
}

Spawned spawn(const ChildCommand& command, const Pipe& pipe) {
    const SpawnSettings settings(command, pipe);
    const std::vector<char*> arguments = pointers_to(command.command);
    const std::vector<char*> environment = pointers_to(command.environment);
    Spawned spawned;
    spawned.failure = ::posix_spawn(&spawned.id, arguments.front(), &settings.files,
                                    &settings.attributes, arguments.data(), environment.data());
    return spawned;
}

} // namespace

} // namespace envpm
