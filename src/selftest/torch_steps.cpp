#include "selftest/torch_steps.h"

#include "base/files.h"
#include "base/process.h"
#include "base/waiting.h"
#include "selftest/ending.h"

#include <fmt/format.h>

// The bytes of data/torch_steps.py, put into the program by torch_steps_data.S.
extern "C" const char envpm_torch_steps[];
extern "C" const char envpm_torch_steps_end[];

namespace envpm::selftest {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct KnownStep {
    const char* name;
    bool needs_gpu;
};

constexpr KnownStep steps[] = {
    {"gemm", true},      {"convolution", true}, {"fft", true},
    {"copies", true},    {"peer-access", true}, {"all-reduce", true},
    {"training", false}, {"compile", false},    {"ranks", false},
};

std::string reason_to_skip(const KnownStep& step, const TorchRequest& request);
fs::path temporary_folder(const Variables& variables);
void run(TorchStep& step, const TorchRequest& request, const std::stop_token& stop,
         const fs::path& folder);

} // namespace

std::vector<TorchStep> run_torch_steps(const TorchRequest& request, const std::stop_token& stop) {
    std::vector<TorchStep> done;
    for (const KnownStep& known : steps) {
        if (!known.needs_gpu && !request.with_training) {
            continue;
        }
        throw_if_stopped(stop, hint_when_stopped);
        TorchStep step;
        step.name = known.name;
        step.device = request.gpus == UsableGpus::all ? "cuda" : "cpu";
        step.note = reason_to_skip(known, request);
        step.is_skipped = !step.note.empty();
        if (!step.is_skipped) {
            const TemporaryFolder folder(temporary_folder(request.variables));
            run(step, request, stop, folder.path());
            throw_if_stopped(stop, hint_when_stopped);
        }
        done.push_back(std::move(step));
    }
    return done;
}

namespace {

std::string reason_to_skip(const KnownStep& step, const TorchRequest& request) {
    if (request.python.empty()) {
        return "no PyTorch in the environment";
    }
    return step.needs_gpu ? reason_to_skip(request.gpus) : "";
}

/// Where the environment's programs would write too.
fs::path temporary_folder(const Variables& variables) {
    return fs::absolute(variables.find("TMPDIR").value_or("/tmp"));
}

/// The script is a file, because its ranks are processes that read it again.
void run(TorchStep& step, const TorchRequest& request, const std::stop_token& stop,
         const fs::path& folder) {
    const Clock::time_point start = Clock::now();
    const std::string script(envpm_torch_steps, envpm_torch_steps_end);
    write_file(folder / "torch_steps.py", script, Durability::cached);
    const ProcessResult result =
        run_process({.command = {request.python.string(), "-I", "-B",
                                 (folder / "torch_steps.py").string(), step.name, step.device},
                     .environment = request.variables.strings(),
                     .folder = folder,
                     .time_limit = request.time_limit,
                     .stop = stop});
    ProbeTranscript said;
    said.add(result.output);
    step.ending = ending_of(result, said, request.time_limit);
    step.is_skipped = said.verdict && said.verdict->kind == "skipped";
    step.note = step.is_skipped      ? said.verdict->detail
                : said.notes.empty() ? std::string()
                                     : said.notes.front();
    step.seconds = std::chrono::duration<double>(Clock::now() - start).count();
}

} // namespace

} // namespace envpm::selftest
