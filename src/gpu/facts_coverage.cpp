#include "gpu/facts_coverage.h"

#include "model/code_rules.h"

#include <algorithm>

namespace envpm::gpu {

DeviceCode code_of(const TorchVariant& build, const Facts& facts) {
    DeviceCode code{build.sass, {}};
    const auto version = facts.ptx_of(build.cuda.cuda);
    for (const ComputeCapability& target : build.ptx) {
        code.ptx.push_back({target, version ? version->value : PtxVersion{}});
    }
    return code;
}

Coverage coverage_of(const DeviceCode& code, const ComputeCapability& device,
                     const std::optional<PtxVersion>& driver_ptx) {
    const bool is_native = std::any_of(code.sass.begin(), code.sass.end(), [&](const auto& each) {
        return sass_runs_on(each, device);
    });
    if (is_native) {
        return Coverage::native;
    }
    Coverage best = Coverage::none;
    for (const PtxCode& each : code.ptx) {
        if (!ptx_suits(each.target, device)) {
            continue;
        }
        if (!driver_ptx || each.version <= *driver_ptx) {
            return Coverage::compiled;
        }
        best = Coverage::newer_driver;
    }
    return best;
}

} // namespace envpm::gpu
