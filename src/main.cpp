#include "cli/commands.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <random>
#include <string_view>
#include <thread>
#include <utility>

namespace {

constexpr timespec patience{1, 0};
constexpr std::string_view last_words =
    "error: interrupted\nhint: the next run goes on from here\n";
constexpr std::string_view clear_line = "\r\x1b[K";

/// Turns SIGINT, SIGTERM and SIGHUP into a stop request. A second one, or work that has not come to
/// a place to stop at in time, as within a large file, ends the process at once, which is safe at
/// any point. Signals are blocked in every other thread, so no code is ever interrupted.
class SignalWaiter {
  public:
    explicit SignalWaiter(bool clears_line)
        : clears_line_(clears_line) {
        sigemptyset(&signals_);
        for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR2}) {
            sigaddset(&signals_, signal);
        }
        pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
        thread_ = std::jthread([this] { wait(); });
    }

    SignalWaiter(const SignalWaiter&) = delete;
    SignalWaiter& operator=(const SignalWaiter&) = delete;

    ~SignalWaiter() {
        is_done_ = true;
        pthread_kill(thread_.native_handle(), SIGUSR2); // one that nobody sends to stop us
        thread_.join();
    }

    [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

  private:
    void wait() {
        // A child that ends while one is started (SIGCHLD) would end the wait for a second signal.
        sigset_t all{};
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, nullptr);
        int signal = 0;
        if (sigwait(&signals_, &signal) != 0 || is_done_) {
            return;
        }
        source_.request_stop();
        sigtimedwait(&signals_, nullptr, &patience);
        if (!is_done_) {
            tell(clears_line_ ? clear_line : "");
            tell(last_words);
            ::_exit(130);
        }
    }

    /// Nobody can be told if that fails.
    static void tell(std::string_view words) {
        [[maybe_unused]] const ssize_t told = ::write(STDERR_FILENO, words.data(), words.size());
    }

    const bool clears_line_; ///< progress may stand in it
    sigset_t signals_{};
    std::stop_source source_;
    std::atomic<bool> is_done_ = false;
    std::jthread thread_;
};

/// If a standard stream is closed (`>&-`), the first file that is opened gets its number, and what
/// is told would be written into that file. What takes the number here cannot be written, or read,
/// and is closed again for what `run` starts.
void keep_standard_streams() {
    for (const auto& [number, other_way] :
         {std::pair(STDIN_FILENO, O_WRONLY), std::pair(STDOUT_FILENO, O_RDONLY),
          std::pair(STDERR_FILENO, O_RDONLY)}) {
        if (::fcntl(number, F_GETFD) == -1) {
            // The lowest free number is this one.
            (void)::open("/dev/null", other_way | O_CLOEXEC);
        }
    }
}

} // namespace

int main(int argc, char** argv, char** variables) {
    keep_standard_streams();
    // Handlers, because what `run` starts would inherit that they are ignored. With them a write
    // that nobody reads, or that goes beyond the limit of a file's size, fails with an error.
    std::signal(SIGPIPE, [](int) {});
    std::signal(SIGXFSZ, [](int) {});
    envpm::cli::Invocation invocation;
    invocation.argument_count = argc;
    invocation.arguments = argv;
    invocation.variables = envpm::Variables::from_strings(variables);
    const SignalWaiter signals(::isatty(STDERR_FILENO) == 1 &&
                               invocation.variables.find("TERM").value_or("dumb") != "dumb");
    invocation.stop = signals.token();
    invocation.now = std::chrono::system_clock::now();
    invocation.random_seed = std::random_device()();
    return static_cast<int>(envpm::cli::run_command(invocation));
}
