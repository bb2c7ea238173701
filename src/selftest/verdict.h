#pragma once

#include "base/variables.h"
#include "selftest/needs.h"
#include "selftest/report.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::selftest {

/// All that a verdict is made from.
struct Situation {
    ProbeReport probe;
    std::string kernel_driver{};            ///< version of the kernel's module, or empty
    std::vector<std::string> kernel_gpus{}; ///< those that the kernel's module lists
    bool is_wsl = false;
    std::optional<ManagementReport> management{}; ///< asked only if CUDA saw no GPU
    Needs needs{};
    Variables variables{}; ///< those that the probe ran with
};

enum class Status { passed, skipped, failed };

/// A thing that is wrong: the way out first, then why.
struct Finding {
    std::string remedy; ///< "restart this machine"
    std::string cause;  ///< "the kernel has driver 580.65.06 and …"

    bool operator==(const Finding&) const = default;
};

struct Verdict {
    Status status = Status::passed;
    std::string summary;            ///< "1 GPU runs CUDA 13.0", "no NVIDIA driver on this machine"
    std::vector<Finding> findings;  ///< not empty if it failed
    std::vector<std::string> notes; ///< worth a line, whatever the status: a variable that is set

    bool operator==(const Verdict&) const = default;
};

/// Pure. Where the driver's version is unknown it is never called too old: CUDA's runtime says the
/// same (35) of an old driver and of none.
Verdict judge(const Situation& situation);

} // namespace envpm::selftest
