#include "selftest/compute_steps.h"

#include "base/process.h"
#include "base/waiting.h"
#include "selftest/ending.h"

#include <fmt/format.h>

namespace envpm::selftest {

namespace {

using Clock = std::chrono::steady_clock;

enum class Need {
    required, ///< no step without the library
    optional, ///< the driver does it otherwise
};

struct KnownStep {
    const char* name;
    const char* library; ///< "": none
    Need need;
};

constexpr KnownStep steps[] = {
    {"copies", "libcudart", Need::optional},     {"gemm", "libcublas", Need::required},
    {"convolution", "libcudnn", Need::required}, {"fft", "libcufft", Need::required},
    {"peer-access", "", Need::optional},         {"all-reduce", "libnccl", Need::required},
};

/// Steps of one test, in order.
class Steps {
  public:
    Steps(const ComputeRequest& request, const std::stop_token& stop)
        : request_(request),
          stop_(stop) {}

    std::vector<ComputeStep> done();

  private:
    void run_with_each(const KnownStep& known);
    void run_with(const KnownStep& known, const TestedLibrary& library);
    void run(ComputeStep step);
    void skip(ComputeStep step, std::string why);

    const ComputeRequest& request_;
    const std::stop_token& stop_;
    std::vector<ComputeStep> done_;
};

ComputeStep named(const KnownStep& known, std::string library) {
    ComputeStep step;
    step.name = known.name;
    step.library = std::move(library);
    return step;
}

} // namespace

std::vector<ComputeStep> run_compute_steps(const ComputeRequest& request,
                                           const std::stop_token& stop) {
    return Steps(request, stop).done();
}

namespace {

std::vector<ComputeStep> Steps::done() {
    for (const KnownStep& known : steps) {
        run_with_each(known);
    }
    throw_if_stopped(stop_, hint_when_stopped);
    return std::move(done_);
}

void Steps::run_with_each(const KnownStep& known) {
    bool is_there = false;
    for (const TestedLibrary& library : request_.libraries) {
        if (library.library.name == known.library) {
            is_there = true;
            run_with(known, library);
        }
    }
    if (is_there) {
        return;
    }
    if (known.need == Need::required) {
        skip(named(known, ""), fmt::format("no {} in the environment", known.library));
    } else {
        run(named(known, ""));
    }
}

void Steps::run_with(const KnownStep& known, const TestedLibrary& library) {
    ComputeStep step = named(known, library.library.path);
    if (library.ending.outcome == Outcome::passed) {
        run(std::move(step));
    } else {
        skip(std::move(step), fmt::format("{} failed the test above", known.library));
    }
}

void Steps::run(ComputeStep step) {
    throw_if_stopped(stop_, hint_when_stopped);
    if (std::string why = reason_to_skip(request_.gpus); !why.empty()) {
        skip(std::move(step), std::move(why));
        return;
    }
    std::vector<std::string> command = {request_.program.string(), "--step", step.name};
    if (!step.library.empty()) {
        command.insert(command.end(), {"--library", step.library});
    }
    const Clock::time_point start = Clock::now();
    const ProcessResult result =
        run_process({.command = command,
                     .environment = without_driver_cache(request_.variables),
                     .folder = "/",
                     .time_limit = request_.time_limit,
                     .stop = stop_});
    throw_if_stopped(stop_, hint_when_stopped);
    ProbeTranscript said;
    said.add(result.output);
    step.ending = ending_of(result, said, request_.time_limit);
    step.gpu = said.stage_gpu;
    step.strangers = strangers_of(said, request_.prefix);
    step.is_skipped = said.verdict && said.verdict->kind == "skipped";
    step.note = step.is_skipped      ? said.verdict->detail
                : said.notes.empty() ? ""
                                     : said.notes.back();
    step.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    done_.push_back(std::move(step));
}

void Steps::skip(ComputeStep step, std::string why) {
    step.is_skipped = true;
    step.note = std::move(why);
    done_.push_back(std::move(step));
}

} // namespace

} // namespace envpm::selftest
