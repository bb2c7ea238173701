#include "selftest/needs.h"

#include "model/code_rules.h"

#include <algorithm>

namespace envpm::selftest {

CodeFit Needs::fit(const ComputeCapability& device,
                   const std::optional<CudaVersion>& driver) const {
    const bool is_native = std::any_of(
        sass.begin(), sass.end(), [&](const auto& code) { return sass_runs_on(code, device); });
    if (is_native || (sass.empty() && ptx.empty())) {
        return CodeFit::runs;
    }
    const bool has_ptx = std::any_of(ptx.begin(), ptx.end(),
                                     [&](const auto& code) { return ptx_suits(code, device); });
    if (!has_ptx) {
        return CodeFit::none;
    }
    return driver && ptx_cuda && *driver < *ptx_cuda ? CodeFit::newer_driver : CodeFit::runs;
}

std::optional<int> Needs::newest_cuda_for(const ComputeCapability& device) const {
    std::optional<int> newest;
    for (const CudaMajor& row : majors) {
        newest = device < row.least_capability ? newest : std::optional(row.major);
    }
    return newest;
}

} // namespace envpm::selftest
