#pragma once

#include "base/variables.h"
#include "selftest/report.h"

#include <chrono>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace envpm::selftest {

/// One thing that PyTorch does in a process of its own.
struct TorchStep {
    std::string name;   ///< "gemm", "training", …
    std::string device; ///< "cpu" or "cuda"
    bool is_skipped = false;
    std::string note; ///< why it was skipped, or what else is worth a line
    Ending ending;    ///< with the stage that was entered last: "import", "device" or the name
    double seconds = 0;

    [[nodiscard]] bool has_failed() const {
        return !is_skipped && ending.outcome != Outcome::passed;
    }
};

struct TorchRequest {
    std::filesystem::path python; ///< the environment's; empty: there is none, or no PyTorch
    Variables variables;          ///< those of the environment
    UsableGpus gpus = UsableGpus::none;
    bool with_training = false;                    ///< also what needs no GPU
    std::chrono::milliseconds time_limit{300'000}; ///< for each
};

/// Runs the script data/torch_steps.py, which ships within the program, once for each step: on all
/// GPUs matrix product, convolution, FFT, copies, peers and the sum over NCCL; with training a few
/// steps of it, torch.compile and two ranks. What they write lies in a folder below the TMPDIR of
/// `variables`, which is removed. Without a GPU or PyTorch the steps that need it are skipped, and
/// no process is started for them. If a stop is requested the one that runs is killed, and an Error
/// (code 130) is thrown.
std::vector<TorchStep> run_torch_steps(const TorchRequest& request, const std::stop_token& stop);

} // namespace envpm::selftest
