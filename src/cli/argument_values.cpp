#include "cli/argument_values.h"

#include "base/error.h"
#include "cli/flag_values.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::cli {

namespace {

[[noreturn]] void throw_bad_value(std::string_view flag, const std::string& what);

} // namespace

ColorMode color_mode_of(const std::string& text) {
    if (text == "auto") {
        return ColorMode::automatic;
    }
    if (text == "always" || text == "never") {
        return text == "always" ? ColorMode::always : ColorMode::never;
    }
    throw_bad_value("--color", fmt::format("`{}` is none of auto, always and never", text));
}

std::chrono::seconds grace_of(const std::string& text) {
    if (const auto time = parse_time(text)) {
        return *time;
    }
    throw_bad_value("--grace", fmt::format("`{}` is no time such as 24h or 7d", text));
}

std::uint64_t freed_of(const std::string& text) {
    if (const auto bytes = parse_size(text)) {
        return *bytes;
    }
    throw_bad_value("--max-freed", fmt::format("`{}` is no size such as 500MB or 10GiB", text));
}

std::vector<ComputeCapability> gpus_of(const std::string& text) {
    std::vector<ComputeCapability> gpus;
    std::size_t begin = 0;
    while (begin <= text.size()) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        const std::string part = text.substr(begin, end - begin);
        const auto gpu = ComputeCapability::parse(part);
        if (!gpu || gpu->suffix != '\0') {
            throw_bad_value("--gpus",
                            fmt::format("`{}` is no compute capability such as 8.9", part));
        }
        gpus.push_back(*gpu);
        begin = end + 1;
    }
    return gpus;
}

CudaVersion driver_cuda_of(const std::string& text) {
    if (const auto version = CudaVersion::parse(text)) {
        return *version;
    }
    throw_bad_value("--driver-cuda", fmt::format("`{}` is no version such as 12.8", text));
}

namespace {

void throw_bad_value(std::string_view flag, const std::string& what) {
    throw Error({fmt::format("{}: {}", flag, what), "the command line",
                 "`envpm --help` shows what there is"},
                ExitCode::usage);
}

} // namespace

} // namespace envpm::cli
