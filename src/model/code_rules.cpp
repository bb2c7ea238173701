#include "model/code_rules.h"

#include <algorithm>
#include <array>
#include <utility>

namespace envpm {

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

namespace {

bool is_same_number(const ComputeCapability& one, const ComputeCapability& other) {
    return one.major == other.major && one.minor == other.minor;
}

} // namespace

} // namespace envpm
