#include "gpu/facts_schema.h"

#include "base/toml_fields.h"

#include <fmt/format.h>

namespace envpm::gpu {

namespace {

using enum FactKind;
using enum FactNeed;

constexpr std::int64_t most_number = 1'000'000;
constexpr std::int64_t least_architecture = 20; ///< 2.0; written without the dot
constexpr std::int64_t most_architecture = 999;

std::vector<FactSchema> driver_schemas();
std::vector<FactSchema> torch_schemas();
std::vector<FactSchema> library_schemas();
std::vector<FactSchema> architecture_schemas();
std::vector<FactSchema> other_schemas();

/// "a driver's version such as \"535.104.05\"", for a message; empty for kinds that TOML knows.
std::string_view wanted(FactKind kind);
void check_number(const TomlValue& value, std::int64_t least, std::int64_t most,
                  const std::string& name);
bool is_written_so(const std::string& written, FactKind kind);
void check_text(const TomlValue& value, FactKind kind, const std::string& name);

} // namespace

std::vector<FactSchema> fact_schemas() {
    std::vector<FactSchema> all;
    for (const auto& part : {driver_schemas(), torch_schemas(), library_schemas(),
                             architecture_schemas(), other_schemas()}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

void check_fact(const TomlValue& value, FactKind kind, const std::string& name) {
    switch (kind) {
    case number:
        check_number(value, 0, most_number, name);
        return;
    case architecture:
        check_number(value, least_architecture, most_architecture, name);
        return;
    case numbers:
        for (const TomlValue& item : expect_array(value, name)) {
            check_number(item, 0, most_number, fmt::format("an item of {}", name));
        }
        return;
    case texts:
        expect_strings(value, name);
        return;
    case capabilities:
        for (const TomlValue& item : expect_array(value, name)) {
            check_text(item, capability, fmt::format("an item of {}", name));
        }
        return;
    case texts_by_key:
        for (const TomlValue::Member& member : expect_table(value, name)) {
            expect_string(member.value, fmt::format("{}.{}", name, member.name));
        }
        return;
    default:
        if (!expect_string(value, name).empty()) {
            check_text(value, kind, name);
        }
    }
}

namespace {

std::vector<FactSchema> driver_schemas() {
    return {
        {"cuda_minor_compat",
         "the least driver for a runtime of a CUDA major",
         Standing::rule,
         {{"cuda_major", number, key},
          {"min_driver_linux", driver},
          {"min_driver_windows", driver, optional},
          {"max_driver_note", text, optional}}},
        {"cuda_toolkit",
         "the driver that a toolkit needs for all that it can",
         Standing::rule,
         {{"version", toolkit, key},
          {"driver_linux", driver, optional},
          {"driver_windows", driver, optional},
          {"runfile_driver", driver, optional}}},
        {"driver_branch",
         "the CUDA that a branch of drivers reports",
         Standing::rule,
         {{"branch", number, key}, {"cuda_max", cuda}, {"cu_driver_get_version", number}}},
        {"fwd_compat_libcuda",
         "the branches that a forward-compatible libcuda takes",
         Standing::evidence,
         {{"driver", driver, key},
          {"cuda", cuda},
          {"host_branches", numbers},
          {"device_ids", numbers}}},
        {"fwd_compat_package",
         "where a package puts its forward-compatible libcuda",
         Standing::evidence,
         {{"conda", text, key}, {"cuda", toolkit}, {"installs", text}}},
        {"ptx_isa",
         "the first CUDA that loads a version of PTX",
         Standing::rule,
         {{"ptx", ptx, key}, {"cuda", cuda}}},
    };
}

std::vector<FactSchema> torch_schemas() {
    return {
        {"torch_release",
         "the Pythons and builds of a PyTorch release",
         Standing::rule,
         {{"release", release, key},
          {"python", pythons},
          {"python_experimental", text, optional},
          {"cuda_variants", texts},
          {"pypi_default", text},
          {"date", text, optional}}},
        {"torch_variant",
         "what a build of PyTorch was made for and with (x86_64)",
         Standing::rule,
         {{"torch", release, key},
          {"variant", text, key},
          {"cuda", toolkit},
          {"cudnn", text},
          {"nccl", text},
          {"triton", text},
          {"triton_patch", texts_by_key, optional},
          {"triton_range", text, optional},
          {"sass", capabilities},
          {"ptx", capabilities},
          {"ptx_claimed", capabilities, optional},
          {"ptx_note", text, optional}}},
        {"torch_variant_aarch64",
         "the architectures of PyTorch's builds for aarch64",
         Standing::rule,
         {{"variant", text, key}, {"releases", releases, key}, {"sass", capabilities}}},
        {"torch_conda_forge",
         "the architectures that conda-forge's recipes of PyTorch name",
         Standing::evidence,
         {{"torch", text, key}, {"cuda", text, key}, {"arch_list", texts}, {"triton", text}}},
        {"torch_conda_forge_note",
         "what conda-forge's builds of PyTorch do not say themselves",
         Standing::evidence,
         {{"text", text, key}}},
        {"torch_companion",
         "what was released together with a version of PyTorch",
         Standing::rule,
         {{"torch", text, key}, {"torchvision", text}, {"torchaudio", text}}},
    };
}

std::vector<FactSchema> library_schemas() {
    return {
        {"cudnn",
         "samples of cuDNN's support matrices",
         Standing::evidence,
         {{"version", text, key},
          {"cuda", texts},
          {"min_cc", capability},
          {"min_cc_note", text, optional},
          {"max_cc", capability, optional},
          {"max_cc_note", text, optional},
          {"min_driver_cuda11", driver, optional},
          {"min_driver_cuda12", driver, optional},
          {"min_driver_cuda13", driver, optional},
          {"note", text, optional}}},
        {"cudnn_least_gpu",
         "the oldest GPUs that cuDNN has code for, from a version on",
         Standing::rule,
         {{"first", release, key}, {"min_cc", capability}}},
        {"cudnn_event",
         "what changed with a version of cuDNN",
         Standing::evidence,
         {{"what", text, key}}},
        {"cudnn_abi", "how cuDNN counts its versions", Standing::evidence, {{"rule", text, key}}},
        {"lib_arch",
         "the architectures found in the files of CUDA 13.0",
         Standing::evidence,
         {{"lib", text, key},
          {"version", text, key},
          {"containers", number},
          {"sass", capabilities},
          {"ptx", capabilities}}},
    };
}

std::vector<FactSchema> architecture_schemas() {
    return {
        {"nvcc_arch",
         "the architectures that a compiler listed when it was asked",
         Standing::evidence,
         {{"cuda", cuda, key}, {"sass", numbers}}},
        {"sm_support",
         "the first and last toolkit that knows an architecture",
         Standing::rule,
         {{"sm", architecture, key}, {"first_cuda", cuda}, {"last_cuda", cuda}}},
        {"sm_suffix",
         "what the letter after an architecture means",
         Standing::rule,
         {{"suffix", text, key}, {"rule", text}, {"first_cuda", text}}},
        {"arch_rule", "where code for an architecture runs", Standing::rule, {{"rule", text, key}}},
        {"gpu",
         "the compute capability of products",
         Standing::rule,
         {{"cc", capability}, {"names", texts, key}}},
    };
}

std::vector<FactSchema> other_schemas() {
    return {
        {"conda_virtual",
         "conda's virtual packages for GPUs",
         Standing::rule,
         {{"name", text, key},
          {"version", text},
          {"build", text},
          {"present", text},
          {"override", text}}},
        {"conda_convention",
         "how conda-forge packages CUDA",
         Standing::evidence,
         {{"name", text, key}, {"rule", text}}},
        {"cuda_error",
         "the runtime's error codes and texts",
         Standing::rule,
         {{"code", number, key}, {"name", text}, {"text", text}}},
    };
}

std::string_view wanted(FactKind kind) {
    switch (kind) {
    case driver:
        return "a driver's version such as \"535.104.05\"";
    case cuda:
        return "a CUDA version such as \"12.4\"";
    case toolkit:
        return "a toolkit's version such as \"12.4.1\"";
    case ptx:
        return "a PTX version such as \"8.4\"";
    case capability:
        return "a compute capability such as \"8.6\" or \"sm_86\"";
    case release:
        return "a release such as \"2.9\"";
    case releases:
        return "a range such as \"2.9-2.14\"";
    case pythons:
        return "a range such as \">=3.10,<=3.14\"";
    default:
        return "a string";
    }
}

bool is_written_so(const std::string& written, FactKind kind) {
    switch (kind) {
    case driver:
        return DriverVersion::parse(written).has_value();
    case cuda:
    case release:
        return CudaVersion::parse(written).has_value();
    case toolkit:
        return ToolkitVersion::parse(written).has_value();
    case ptx:
        return PtxVersion::parse(written).has_value();
    case capability:
        return ComputeCapability::parse(written).has_value();
    case releases:
    case pythons:
        return MinorRange::parse(written).has_value();
    default:
        return true;
    }
}

void check_number(const TomlValue& value, std::int64_t least, std::int64_t most,
                  const std::string& name) {
    const std::int64_t number_found = expect_integer(value, name);
    if (number_found < least || number_found > most) {
        complain_at(value.location, fmt::format("`{}` must be from {} to {}, not {}", name, least,
                                                most, number_found));
    }
}

void check_text(const TomlValue& value, FactKind kind, const std::string& name) {
    const std::string& written = expect_string(value, name);
    if (!is_written_so(written, kind)) {
        complain_at(value.location,
                    fmt::format("`{}` must be {}, not `{}`", name, wanted(kind), written));
    }
}

} // namespace

} // namespace envpm::gpu
