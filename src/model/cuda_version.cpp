#include "model/cuda_version.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace envpm {

namespace {

constexpr std::size_t most_digits = 6;
constexpr int oldest_major = 9;
constexpr int newest_major = 15;
constexpr int last_minor = 15;

/// The numbers between the dots; empty if the text is anything else.
std::vector<int> numbers_of(std::string_view text);

} // namespace

std::optional<CudaVersion> CudaVersion::parse(std::string_view text) {
    const std::vector<int> numbers = numbers_of(text);
    if (numbers.size() != 2) {
        return std::nullopt;
    }
    return CudaVersion{numbers[0], numbers[1]};
}

std::string CudaVersion::text() const {
    return fmt::format("{}.{}", major, minor);
}

std::vector<CudaVersion> conceivable_cuda_versions() {
    std::vector<CudaVersion> versions;
    for (int major = newest_major; major >= oldest_major; --major) {
        for (int minor = last_minor; minor >= 0; --minor) {
            versions.push_back({major, minor});
        }
    }
    return versions;
}

std::optional<CudaRuntime> CudaRuntime::parse(std::string_view text) {
    const std::vector<int> numbers = numbers_of(text);
    if (numbers.size() == 1) {
        return CudaRuntime{numbers[0], std::nullopt};
    }
    return numbers.size() == 2 ? std::optional(CudaRuntime{numbers[0], numbers[1]}) : std::nullopt;
}

std::string CudaRuntime::text() const {
    return minor ? fmt::format("{}.{}", major, *minor) : std::to_string(major);
}

std::optional<ToolkitVersion> ToolkitVersion::parse(std::string_view text) {
    const std::vector<int> numbers = numbers_of(text);
    if (numbers.size() != 2 && numbers.size() != 3) {
        return std::nullopt;
    }
    return ToolkitVersion{{numbers[0], numbers[1]}, numbers.size() == 3 ? numbers[2] : -1};
}

std::string ToolkitVersion::text() const {
    return patch < 0 ? cuda.text() : fmt::format("{}.{}", cuda.text(), patch);
}

std::optional<PtxVersion> PtxVersion::parse(std::string_view text) {
    const std::vector<int> numbers = numbers_of(text);
    if (numbers.size() != 2) {
        return std::nullopt;
    }
    return PtxVersion{numbers[0], numbers[1]};
}

std::string PtxVersion::text() const {
    return fmt::format("{}.{}", major, minor);
}

std::optional<DriverVersion> DriverVersion::parse(std::string_view text) {
    const std::vector<int> numbers = numbers_of(text);
    if (numbers.empty() || numbers.size() > 3) {
        return std::nullopt;
    }
    DriverVersion version{numbers[0]};
    version.minor = numbers.size() > 1 ? numbers[1] : -1;
    version.patch = numbers.size() > 2 ? numbers[2] : -1;
    return version;
}

std::string DriverVersion::text() const {
    std::string out = std::to_string(branch);
    for (const int part : {minor, patch}) {
        if (part >= 0) {
            out += fmt::format(".{:02}", part);
        }
    }
    return out;
}

namespace {

std::vector<int> numbers_of(std::string_view text) {
    std::vector<int> numbers;
    while (true) {
        const std::string_view digits = text.substr(0, text.find('.'));
        if (digits.empty() || digits.size() > most_digits ||
            !std::all_of(digits.begin(), digits.end(), is_digit)) {
            return {};
        }
        numbers.push_back(0);
        std::from_chars(digits.data(), digits.data() + digits.size(), numbers.back());
        if (digits.size() == text.size()) {
            return numbers;
        }
        text.remove_prefix(digits.size() + 1);
    }
}

} // namespace

} // namespace envpm
