#pragma once

#include "base/variables.h"
#include "selftest/libraries.h"
#include "selftest/report.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace envpm::selftest {

/// One thing that a library of the environment does on every visible GPU.
struct ComputeStep {
    std::string name;    ///< "copies", "gemm", "convolution", "fft", "peer-access", "all-reduce"
    std::string library; ///< path of the file under test; empty: the driver alone, or none is there
    bool is_skipped = false;
    std::string note;                   ///< why it was skipped, or what else is worth a line
    Ending ending;                      ///< with the call that was made last
    std::optional<int> gpu;             ///< that the call was for, if for one
    std::vector<std::string> strangers; ///< CUDA libraries that it mapped from outside the prefix
    double seconds = 0;

    [[nodiscard]] bool has_failed() const {
        return !is_skipped && (ending.outcome != Outcome::passed || !strangers.empty());
    }
};

struct ComputeRequest {
    std::filesystem::path program; ///< envpm-gpuprobe
    std::filesystem::path prefix;  ///< where mapped libraries should lie; no link in it
    std::vector<TestedLibrary> libraries;
    Variables variables; ///< those of the environment
    UsableGpus gpus = UsableGpus::none;
    std::chrono::milliseconds time_limit{60'000}; ///< for each
};

/// Copies to the GPU, on it and back, matrix product, convolution, FFT, copies between GPUs and the
/// sum over all: each by the environment's own library, by its path, in a process of its own, with
/// every value compared. Of a library that is there twice each file is tested. Skipped unless all
/// GPUs are usable, without a library that the step needs, or if that failed when it was asked for
/// its version: then no process is started. Copies between GPUs are skipped where there is one. If
/// a stop is requested the process that runs is killed, and an Error (code 130) is thrown.
std::vector<ComputeStep> run_compute_steps(const ComputeRequest& request,
                                           const std::stop_token& stop);

} // namespace envpm::selftest
