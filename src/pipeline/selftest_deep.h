#pragma once

#include "installing/selftest.h"
#include "selftest/compute_steps.h"
#include "selftest/libraries.h"
#include "selftest/torch_steps.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace envpm::pipeline {

enum class TorchUse {
    on_gpus, ///< what computes on GPUs
    all,     ///< --torch: training, compilation and two ranks too, without a GPU on the processor
};

struct DeepTestRequest {
    installing::SelfTestRequest
        quick; ///< with a project; the target is that of the environment in use
    TorchUse torch = TorchUse::on_gpus;
    std::optional<std::chrono::milliseconds> time_limit; ///< for each library and step
};

/// Whose lock was tested, and on which machine: what a receipt is about.
struct TestedIdentity {
    Sha256 env;      ///< of the environment
    Sha256 manifest; ///< that was locked
    std::string target;
    std::string tested; ///< RFC 3339, UTC
    std::string system; ///< as uname has it: "Linux 6.1.0 x86_64"
    std::string boot_id;
};

struct DeepReport {
    TestedIdentity identity;
    installing::SelfTestReport quick; ///< driver and GPUs
    std::vector<selftest::TestedLibrary> libraries;
    std::vector<selftest::ComputeStep> compute;
    std::vector<selftest::TorchStep> torch;

    /// A library or a step that went wrong, or the quick test.
    [[nodiscard]] bool has_failed() const;
};

/// The self-test of driver and GPUs; then the current environment's own CUDA libraries, which say
/// their versions without a driver and are compared with the lock's; then what they compute on the
/// GPUs, and what PyTorch computes with them. An Error (code 1) if nothing is installed, of code 3
/// if the lock has changed since. Everything that may hang or crash has a process and a time of its
/// own.
DeepReport deep_test(const DeepTestRequest& request, project::Services& services);

} // namespace envpm::pipeline
