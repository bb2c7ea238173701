#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm {

// The kinds of version around CUDA. They look alike and must not be mixed up: a driver runs
// CUDA up to a version, a toolkit brings one and writes PTX of one.

/// A CUDA version as a driver knows it: `cuDriverGetVersion`, conda's `__cuda`.
struct CudaVersion {
    int major = 0;
    int minor = 0;

    /// "12.4"; nothing for anything else.
    static std::optional<CudaVersion> parse(std::string_view text);

    /// 12040 as `cuDriverGetVersion` gives it: 1000 times the major and ten times the minor.
    static CudaVersion from_driver_number(int number) {
        return {number / 1000, number % 1000 / 10};
    }

    [[nodiscard]] std::string text() const;

    auto operator<=>(const CudaVersion&) const = default;
};

/// Every version that something may name, released or not: all there has been, and some more.
/// Newest first.
std::vector<CudaVersion> conceivable_cuda_versions();

/// The CUDA runtime that a package is, was built for, or brings.
struct CudaRuntime {
    int major = 0;
    std::optional<int> minor; ///< none: any of the major, or not known

    /// "12.8" or "12".
    static std::optional<CudaRuntime> parse(std::string_view text);

    [[nodiscard]] std::string text() const;

    bool operator==(const CudaRuntime&) const = default;
};

/// A release of the toolkit, or with no patch all those of one minor version.
struct ToolkitVersion {
    CudaVersion cuda;
    int patch = -1; ///< -1: none is named

    /// "12.4", "12.4.1" or "10.2.89".
    static std::optional<ToolkitVersion> parse(std::string_view text);

    [[nodiscard]] std::string text() const;

    auto operator<=>(const ToolkitVersion&) const = default;
};

/// The version of the PTX language that a text of it begins with.
struct PtxVersion {
    int major = 0;
    int minor = 0;

    /// "8.4".
    static std::optional<PtxVersion> parse(std::string_view text);

    [[nodiscard]] std::string text() const;

    auto operator<=>(const PtxVersion&) const = default;
};

/// A driver's version. What is left out comes before all that has it: 580 < 580.65 < 580.65.06.
struct DriverVersion {
    int branch = 0;
    int minor = -1;
    int patch = -1;

    /// "535.104.05", Windows' "528.33", or a branch alone: "580".
    static std::optional<DriverVersion> parse(std::string_view text);

    [[nodiscard]] std::string text() const; ///< with two digits at least after a dot

    auto operator<=>(const DriverVersion&) const = default;
};

} // namespace envpm
