#include "gpu/facts_coverage.h"

#include <algorithm>
#include <array>
#include <utility>

namespace envpm::gpu {

namespace {

/// Of the processors with a GPU inside. Thor was 10.1 before CUDA 13 called it 11.0.
constexpr std::array<std::pair<int, int>, 6> tegra = {
    {{5, 3}, {6, 2}, {7, 2}, {8, 7}, {10, 1}, {11, 0}}};

bool is_same_number(const ComputeCapability& one, const ComputeCapability& other);

} // namespace

bool is_tegra(const ComputeCapability& capability) {
    return std::find(tegra.begin(), tegra.end(), std::pair(capability.major, capability.minor)) !=
           tegra.end();
}

bool sass_runs_on(const ComputeCapability& code, const ComputeCapability& device) {
    if (code.suffix == 'a' || is_tegra(code) || is_tegra(device)) {
        return is_same_number(code, device);
    }
    return code.major == device.major && code.minor <= device.minor;
}

bool ptx_suits(const ComputeCapability& target, const ComputeCapability& device) {
    if (target.suffix != '\0') {
        return sass_runs_on(target, device);
    }
    return std::pair(target.major, target.minor) <= std::pair(device.major, device.minor);
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

namespace {

bool is_same_number(const ComputeCapability& one, const ComputeCapability& other) {
    return one.major == other.major && one.minor == other.minor;
}

} // namespace

} // namespace envpm::gpu
