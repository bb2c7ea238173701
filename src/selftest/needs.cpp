#include "selftest/needs.h"

#include "base/ascii.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace envpm::selftest {

namespace {

/// What a CUDA major takes: the drivers of its first release (CUDA Compatibility, "Minor Version
/// Compatibility") and the oldest GPUs that its compiler makes code for (release notes).
struct MajorRow {
    int major;
    const char* least_driver;
    ComputeCapability least_capability;
};

constexpr MajorRow majors[] = {
    {11, "450.80.02", {3, 5}},
    {12, "525.60.13", {5, 0}},
    {13, "580.65.06", {7, 5}},
};

/// What one package says: nothing, that it uses CUDA, or which.
struct Sign {
    bool uses_cuda = false;
    std::optional<int> major;
};

Sign sign_of(const LockedPackage& package);
Sign sign_of_conda(const LockedPackage& package);
Sign sign_of_wheel(const LockedPackage& package);
std::optional<int> major_after(std::string_view text, std::string_view mark);
std::optional<int> number_at_start(std::string_view text);

} // namespace

Needs needs_of(const std::vector<LockedPackage>& packages, const LockedGpu& locked) {
    Needs needs;
    for (const LockedPackage& package : packages) {
        const Sign sign = sign_of(package);
        if (sign.uses_cuda && (!needs.uses_cuda || sign.major > needs.cuda_major)) {
            needs.uses_cuda = true;
            needs.cuda_major = sign.major;
            needs.package = package.name.string() + " " + package.version;
        }
    }
    if (locked.cuda && !needs.cuda_major) {
        needs.package = needs.uses_cuda ? needs.package : "the lock";
        needs.uses_cuda = true;
        needs.cuda_major = locked.cuda->major;
    }
    for (const MajorRow& row : majors) {
        if (needs.cuda_major == row.major) {
            needs.least_driver = row.least_driver;
            needs.least_capability = row.least_capability;
        }
    }
    if (locked.driver) {
        needs.least_driver = locked.driver->text();
    }
    needs.sass = locked.gpus;
    needs.ptx = locked.ptx;
    return needs;
}

bool Needs::covers(const ComputeCapability& device) const {
    const auto runs = [&](const ComputeCapability& code) {
        const bool is_exact = code.major == device.major && code.minor == device.minor;
        const bool is_older = code.major == device.major && code.minor < device.minor;
        return is_exact || (is_older && code.suffix != 'a');
    };
    const auto compiles = [&](const ComputeCapability& code) {
        return code.suffix == '\0' && code <= device;
    };
    return (sass.empty() && ptx.empty()) || std::any_of(sass.begin(), sass.end(), runs) ||
           std::any_of(ptx.begin(), ptx.end(), compiles);
}

std::optional<int> newest_cuda_for(const ComputeCapability& capability) {
    std::optional<int> newest;
    for (const MajorRow& row : majors) {
        newest = capability < row.least_capability ? newest : std::optional(row.major);
    }
    return newest;
}

namespace {

Sign sign_of(const LockedPackage& package) {
    return package.is_conda() ? sign_of_conda(package) : sign_of_wheel(package);
}

/// `cuda-version` stands in every environment with libraries of CUDA 12 or later, `cudatoolkit` in
/// older ones; builds name theirs, as "pytorch-2.9.1-cuda129_mkl_py312_h1.conda".
Sign sign_of_conda(const LockedPackage& package) {
    const std::string& name = package.name.string();
    if (name == "cuda-version" || name == "cudatoolkit" || name == "cuda-cudart") {
        return {true, number_at_start(package.version)};
    }
    const std::string_view file = package.file;
    const std::size_t version = file.find(package.version);
    if (version == std::string_view::npos) {
        return {};
    }
    const std::string_view build = file.substr(version + package.version.size());
    for (const std::string_view mark : {"cuda_", "cuda"}) {
        if (const auto major = major_after(build, mark)) {
            return {true, major};
        }
    }
    return {};
}

/// "torch 2.9.1+cu128", "nvidia-cublas-cu12", "jax-cuda13-plugin"; since CUDA 13 NVIDIA's wheels
/// have plain names. What it offers for any machine (nvidia-ml-py) is Python, no library.
Sign sign_of_wheel(const LockedPackage& package) {
    const std::string& name = package.name.string();
    for (const std::string_view mark : {"+cu", "+cuda"}) {
        if (const auto major = major_after(package.version, mark)) {
            return {true, major};
        }
    }
    for (const std::string_view mark : {"-cuda", "-cu"}) {
        const auto major = major_after(name, mark);
        if (major && !package.file.ends_with("-none-any.whl")) {
            return {true, major};
        }
    }
    if (!name.starts_with("nvidia-") || package.file.ends_with("-none-any.whl")) {
        return {};
    }
    if (name == "nvidia-cuda-runtime") {
        return {true, number_at_start(package.version)};
    }
    return {true, std::nullopt};
}

/// The CUDA major that follows `mark`: "128", "12" and "12x" are 12, "92" is 9.
std::optional<int> major_after(std::string_view text, std::string_view mark) {
    for (std::size_t at = text.find(mark); at != std::string_view::npos;
         at = text.find(mark, at + 1)) {
        const std::string_view rest = text.substr(at + mark.size());
        const auto first_other = std::find_if_not(rest.begin(), rest.end(), is_digit);
        const auto count = static_cast<std::size_t>(first_other - rest.begin());
        if (count == 2 || count == 3) {
            const std::optional<int> major = number_at_start(rest.substr(0, 2));
            constexpr int oldest_of_two_digits = 10;
            return *major < 20 && *major >= oldest_of_two_digits
                       ? major
                       : number_at_start(rest.substr(0, 1));
        }
    }
    return std::nullopt;
}

std::optional<int> number_at_start(std::string_view text) {
    int number = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
    return result.ec == std::errc() && number > 0 ? std::optional(number) : std::nullopt;
}

} // namespace

} // namespace envpm::selftest
