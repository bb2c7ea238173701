#include "selftest/needs.h"

#include "model/code_rules.h"

#include <algorithm>

namespace envpm::selftest {

bool Needs::covers(const ComputeCapability& device) const {
    return (sass.empty() && ptx.empty()) ||
           std::any_of(sass.begin(), sass.end(),
                       [&](const auto& code) { return sass_runs_on(code, device); }) ||
           std::any_of(ptx.begin(), ptx.end(),
                       [&](const auto& code) { return ptx_suits(code, device); });
}

std::optional<int> Needs::newest_cuda_for(const ComputeCapability& device) const {
    std::optional<int> newest;
    for (const CudaMajor& row : majors) {
        newest = device < row.least_capability ? newest : std::optional(row.major);
    }
    return newest;
}

} // namespace envpm::selftest
