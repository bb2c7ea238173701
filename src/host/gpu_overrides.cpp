#include "host/gpu_overrides.h"

#include "base/ascii.h"
#include "base/error.h"

#include <fmt/format.h>

namespace envpm::host {

namespace {

std::optional<CudaVersion> parse_cuda(std::string_view text);
std::optional<std::vector<ProbedGpu>> parse_gpus(std::string_view text);

/// The first of the variables that is there, even if it is empty.
template <class Parse>
auto override_of(const Variables& variables, std::initializer_list<const char*> names,
                 const std::string& example, Parse parse) {
    Fact<typename decltype(parse(std::string_view()))::value_type> fact;
    for (const char* name : names) {
        const auto found = variables.all().find(name);
        if (found == variables.all().end() || !fact.origin.empty()) {
            continue;
        }
        const std::string_view text = trimmed(found->second);
        fact.origin = name;
        if (text.empty()) {
            continue;
        }
        fact.value = parse(text);
        if (!fact.value) {
            throw Error({fmt::format("`{}` is not what the variable is for", found->second), name,
                         fmt::format("set it to something like `{}`, or to nothing to say that "
                                     "this machine has none",
                                     example)},
                        ExitCode::usage);
        }
    }
    return fact;
}

} // namespace

MachineFacts overrides_in(const Variables& variables) {
    MachineFacts facts;
    facts.driver = override_of(variables, {"ENVPM_DRIVER"}, "580.65.06", DriverVersion::parse);
    facts.cuda = override_of(variables, {"ENVPM_CUDA", "CONDA_OVERRIDE_CUDA"}, "12.8", parse_cuda);
    facts.gpus =
        override_of(variables, {"ENVPM_GPUS", "CONDA_OVERRIDE_CUDA_ARCH"}, "8.6,9.0", parse_gpus);
    facts.glibc = override_of(variables, {"CONDA_OVERRIDE_GLIBC"}, "2.28", GlibcVersion::parse);
    return facts;
}

namespace {

/// conda's variable takes any version: "12" is 12.0, and of "12.4.1" a driver knows 12.4.
std::optional<CudaVersion> parse_cuda(std::string_view text) {
    if (const auto toolkit = ToolkitVersion::parse(text)) {
        return toolkit->cuda;
    }
    return CudaVersion::parse(std::string(text) + ".0");
}

/// "8.6, 9.0": one GPU for each.
std::optional<std::vector<ProbedGpu>> parse_gpus(std::string_view text) {
    std::vector<ProbedGpu> gpus;
    while (true) {
        const std::size_t comma = text.find(',');
        ProbedGpu gpu{static_cast<int>(gpus.size()), {}, {}};
        gpu.capability = ComputeCapability::parse(trimmed(text.substr(0, comma)));
        if (!gpu.capability || gpu.capability->suffix != '\0') {
            return std::nullopt;
        }
        gpus.push_back(gpu);
        if (comma == std::string_view::npos) {
            return gpus;
        }
        text.remove_prefix(comma + 1);
    }
}

} // namespace

} // namespace envpm::host
