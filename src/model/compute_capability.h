#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace envpm {

/// What NVIDIA calls an architecture: 8.6 as of a device, or sm_90a as of code for one. A device
/// has no suffix; code with `a` is for that architecture alone, with `f` for its family (CUDA C++
/// Programming Guide, "Feature Availability").
struct ComputeCapability {
    int major = 0;
    int minor = 0;
    char suffix = '\0'; ///< 'a', 'f' or none

    /// "8.6", "9.0a", "86", "90a", "sm_86" or "compute_90a"; nothing for anything else, nor for
    /// capabilities below 2, which nothing alive has: "12" is a mistake, not 1.2. Nor for a bare
    /// number from 200 on: "4090" is a product.
    static std::optional<ComputeCapability> parse(std::string_view text);

    [[nodiscard]] std::string text() const; ///< "9.0a"
    [[nodiscard]] std::string code() const; ///< "90a", as after `sm_`

    auto operator<=>(const ComputeCapability&) const = default;
};

} // namespace envpm
