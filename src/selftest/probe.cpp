#include "selftest/probe.h"

#include "base/child_process.h"
#include "base/error.h"
#include "base/process.h"
#include "selftest/ending.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace envpm::selftest {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int most_processes = 64;

/// The probe of one GPU.
struct Run {
    std::optional<ChildProcess> child; ///< none when it has ended
    bool is_silent = false;            ///< it has closed its output
    ProbeTranscript transcript;
    Ending ending;
};

/// All probes of a test.
class Runs {
  public:
    explicit Runs(const ProbeRequest& request)
        : request_(request),
          deadline_(Clock::now() + request.time_limit) {}

    ProbeReport finish();

  private:
    void start(int index);
    void start_others();
    [[nodiscard]] bool is_under_way() const;
    void wait() const;
    void look_at(Run& run) const;
    void end(Run& run, std::optional<Outcome> forced) const;
    [[nodiscard]] ProbeReport report() const;

    const ProbeRequest& request_;
    Clock::time_point deadline_;
    std::vector<Run> runs_;
};

std::vector<std::string> with_fallback(const ProbeRequest& request,
                                       std::vector<std::string> command, std::string_view library);
void read_more(Run& run);
Ending ending_of(const ProbeVerdict& verdict);
Ending ending_without_verdict(const std::string& stage, int status);

} // namespace

bool ProbeReport::is_success() const {
    return driver.outcome == Outcome::passed && !gpus.empty() &&
           std::all_of(gpus.begin(), gpus.end(),
                       [](const TestedGpu& gpu) { return gpu.ending.outcome == Outcome::passed; });
}

ProbeReport probe(const ProbeRequest& request) {
    return Runs(request).finish();
}

ManagementReport ask_management(const ProbeRequest& request) {
    const ProcessResult result =
        run_process({.command = with_fallback(request, {request.program.string(), "--management"},
                                              "libnvidia-ml.so.1"),
                     .environment = without_driver_cache(request.variables),
                     .folder = "/",
                     .time_limit = request.time_limit});
    ProbeTranscript transcript;
    transcript.add(result.output);
    ManagementReport report;
    report.gpus = transcript.gpus;
    if (transcript.verdict && transcript.verdict->kind == "error") {
        report.error = transcript.verdict->code;
    }
    return report;
}

namespace {

ProbeReport Runs::finish() {
    start(0);
    while (is_under_way()) {
        wait();
        for (Run& run : runs_) {
            if (run.child) {
                look_at(run);
            }
        }
        start_others();
    }
    return report();
}

void Runs::start(int index) {
    ChildProcess::Start start = ChildProcess::start(
        {with_fallback(request_, {request_.program.string(), "--device", std::to_string(index)},
                       "libcuda.so.1"),
         without_driver_cache(request_.variables), "/"});
    Run run;
    if (start.child) {
        run.child.emplace(std::move(*start.child));
    } else {
        run.ending = {Outcome::no_probe, "", start.error_number,
                      std::strerror(start.error_number)}; // NOLINT(concurrency-mt-unsafe)
    }
    runs_.push_back(std::move(run));
}

/// As soon as the first has told how many there are.
void Runs::start_others() {
    const std::optional<int> count = runs_.front().transcript.gpu_count;
    if (!count || runs_.size() > 1 || Clock::now() >= deadline_) {
        return;
    }
    for (int index = 1; index < std::min(*count, most_processes); ++index) {
        start(index);
    }
}

bool Runs::is_under_way() const {
    return std::any_of(runs_.begin(), runs_.end(),
                       [](const Run& run) { return run.child.has_value(); });
}

/// Until one of them has said something, for a short while: that one has ended, its pipe does not
/// tell if something that the driver started holds it open.
void Runs::wait() const {
    constexpr std::chrono::milliseconds tick(10);
    std::vector<pollfd> pipes;
    for (const Run& run : runs_) {
        if (run.child && !run.is_silent) {
            pipes.push_back({run.child->output(), POLLIN, 0});
        }
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
    const auto pause = std::clamp(left, std::chrono::milliseconds(0), tick);
    ::poll(pipes.data(), pipes.size(), static_cast<int>(pause.count()));
}

void Runs::look_at(Run& run) const {
    const bool had_ended = run.child->has_ended(); // asked first: what it said is there by now
    read_more(run);
    if (run.transcript.verdict) {
        end(run, std::nullopt);
    } else if (had_ended) {
        end(run, Outcome::crashed);
    } else if (Clock::now() >= deadline_) {
        end(run, Outcome::timed_out);
    }
}

void Runs::end(Run& run, std::optional<Outcome> forced) const {
    const std::string stage = run.transcript.stage;
    const std::optional<int> status = run.child->end(request_.patience);
    run.child.reset();
    if (!status) {
        run.ending = {Outcome::stuck, stage, 0, ""};
    } else if (!forced) {
        run.ending = ending_of(*run.transcript.verdict);
    } else if (*forced == Outcome::crashed) {
        run.ending = ending_without_verdict(stage, *status);
    } else {
        run.ending = {*forced, stage, 0, fmt::format("{} ms", request_.time_limit.count())};
    }
}

/// A first process that told how many GPUs there are got past the driver: what came of it then is
/// about its own GPU.
ProbeReport Runs::report() const {
    const Run& first = runs_.front();
    ProbeReport report;
    report.library = first.transcript.library;
    report.cuda = first.transcript.cuda;
    if (!first.transcript.gpu_count) {
        report.driver = first.ending;
        return report;
    }
    const int count = std::min(*first.transcript.gpu_count, most_processes);
    for (int index = 0; index < count; ++index) {
        TestedGpu tested;
        tested.gpu.index = index;
        for (const ProbedGpu& gpu : first.transcript.gpus) {
            tested.gpu = gpu.index == index ? gpu : tested.gpu;
        }
        const auto place = static_cast<std::size_t>(index);
        // The time was over before this one's turn came.
        tested.ending =
            place < runs_.size() ? runs_[place].ending : Ending{Outcome::timed_out, "start", 0, ""};
        report.gpus.push_back(std::move(tested));
    }
    return report;
}

std::vector<std::string> with_fallback(const ProbeRequest& request,
                                       std::vector<std::string> command, std::string_view library) {
    if (request.wsl) {
        command.insert(command.end(), {"--fallback", (*request.wsl / library).string()});
    }
    return command;
}

/// Adds what is there.
void read_more(Run& run) {
    constexpr int most_blocks = 64; // then the others have their turn
    std::array<char, 4096> block{};
    for (int i = 0; i < most_blocks && !run.is_silent; ++i) {
        const ssize_t got = ::read(run.child->output(), block.data(), block.size());
        if (got > 0) {
            run.transcript.add({block.data(), static_cast<std::size_t>(got)});
        } else if (got < 0 && errno == EAGAIN) {
            return;
        } else {
            run.is_silent = got == 0 || errno != EINTR;
        }
    }
}

Ending ending_of(const ProbeVerdict& verdict) {
    constexpr int out_of_memory = 2;       // CUDA_ERROR_OUT_OF_MEMORY
    constexpr int device_unavailable = 46; // CUDA_ERROR_DEVICE_UNAVAILABLE
    const std::pair<std::string_view, Outcome> kinds[] = {
        {"ok", Outcome::passed},           {"no_library", Outcome::no_library},
        {"no_symbol", Outcome::no_symbol}, {"no_device", Outcome::no_device},
        {"error", Outcome::cuda_error},    {"wrong", Outcome::wrong_result},
    };
    Ending ending{Outcome::crashed, verdict.stage, verdict.code, verdict.detail};
    for (const auto& [kind, outcome] : kinds) {
        ending.outcome = verdict.kind == kind ? outcome : ending.outcome;
    }
    const bool is_of_gpu = verdict.stage == stages::context || verdict.stage == stages::memory;
    if (ending.outcome == Outcome::cuda_error && is_of_gpu &&
        (verdict.code == out_of_memory || verdict.code == device_unavailable)) {
        ending.outcome = Outcome::busy;
    }
    return ending;
}

/// Even an exit with 0 is a crash: something in the driver ended the process.
Ending ending_without_verdict(const std::string& stage, int status) {
    if (WIFSIGNALED(status)) {
        return {Outcome::crashed, stage, WTERMSIG(status),
                fmt::format("signal {}", WTERMSIG(status))};
    }
    return {Outcome::crashed, stage, 0, fmt::format("exit status {}", WEXITSTATUS(status))};
}

} // namespace

} // namespace envpm::selftest
