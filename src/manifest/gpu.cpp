#include "manifest/gpu.h"

#include "base/toml_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace envpm::manifest {

namespace {

using Keys = std::vector<std::string>;

template <class Value, std::size_t count>
Value read_word(const TomlValue& value, const std::string& key,
                const std::array<std::pair<std::string_view, Value>, count>& words);
std::optional<Accelerator> read_accelerator(const TomlValue& table, const std::string& key);
std::optional<GpuPin> read_pin(const TomlValue& table, const char* key, const std::string& where);
CheckPolicy read_check(const TomlValue& table, const char* key);
std::vector<std::string> read_allowed(const TomlValue& table, const char* key);
std::vector<std::string> read_gpu_names(const TomlValue& value, const std::string& key);

} // namespace

GpuPolicy read_gpu(const TomlValue& table, const std::string& name) {
    expect_keys(table, name,
                Keys{"accelerator", "cuda", "cudnn", "nccl", "torch-variants", "self-test", "audit",
                     "audit-allow"});
    GpuPolicy policy;
    policy.accelerator = read_accelerator(table, "accelerator");
    if (const TomlValue* const value = table.find("torch-variants")) {
        policy.chooses_torch_variants =
            read_word<bool, 2>(*value, "torch-variants", {{{"auto", true}, {"off", false}}});
    }
    policy.self_test = read_check(table, "self-test");
    policy.audit = read_check(table, "audit");
    policy.audit_allow = read_allowed(table, "audit-allow");
    policy.cuda = read_pin(table, "cuda", name);
    policy.cudnn = read_pin(table, "cudnn", name);
    policy.nccl = read_pin(table, "nccl", name);
    if (policy.cuda && policy.accelerator == Accelerator::cpu) {
        complain_at(policy.cuda->location,
                    fmt::format("`{}` pins CUDA, and `accelerator` is \"cpu\"", name),
                    "drop one of the two");
    }
    return policy;
}

DeclaredGpu read_declared_gpu(const TomlValue& target, const std::string& key) {
    DeclaredGpu declared;
    if (const TomlValue* const value = target.find("driver")) {
        const std::string& text = expect_string(*value, key + ".driver");
        declared.driver = DriverVersion::parse(text);
        declared.driver_location = value->location;
        if (!declared.driver) {
            complain_at(value->location, fmt::format("`{}.driver` must be like `535.104.05`", key),
                        "`nvidia-smi` and /proc/driver/nvidia/version show it");
        }
        constexpr int oldest_branch = 100; // of those that run any CUDA of today; no CUDA is there
        if (declared.driver->branch < oldest_branch) {
            complain_at(value->location,
                        fmt::format("`{}.driver` is \"{}\", which is no driver", key, text),
                        fmt::format("if it is the CUDA that `nvidia-smi` shows, write `cuda = "
                                    "\"{}\"`; a driver is like `535.104.05`",
                                    text));
        }
    }
    if (const TomlValue* const value = target.find("cuda")) {
        declared.cuda = CudaVersion::parse(expect_string(*value, key + ".cuda"));
        if (!declared.cuda) {
            complain_at(value->location, fmt::format("`{}.cuda` must be like `12.4`", key),
                        "the newest CUDA that the machine's driver runs; `nvidia-smi` shows it");
        }
    }
    if (const TomlValue* const value = target.find("gpus")) {
        declared.gpus = read_gpu_names(*value, key + ".gpus");
        declared.gpus_location = value->location;
    }
    declared.accelerator = read_accelerator(target, key + ".accelerator");
    return declared;
}

namespace {

std::optional<Accelerator> read_accelerator(const TomlValue& table, const std::string& key) {
    const TomlValue* const value = table.find("accelerator");
    return value == nullptr
               ? std::nullopt
               : std::optional(read_word<Accelerator, 3>(*value, key,
                                                         {{{"cuda", Accelerator::cuda},
                                                           {"cpu", Accelerator::cpu},
                                                           {"any", Accelerator::any}}}));
}

CheckPolicy read_check(const TomlValue& table, const char* key) {
    const TomlValue* const value = table.find(key);
    return value == nullptr ? CheckPolicy::warn
                            : read_word<CheckPolicy, 3>(*value, key,
                                                        {{{"warn", CheckPolicy::warn},
                                                          {"strict", CheckPolicy::strict},
                                                          {"off", CheckPolicy::off}}});
}

/// Names as an audit tells them: an entry with a folder would never be one.
std::vector<std::string> read_allowed(const TomlValue& table, const char* key) {
    const TomlValue* const value = table.find(key);
    std::vector<std::string> names =
        value == nullptr ? std::vector<std::string>() : expect_strings(*value, key);
    for (const std::string& name : names) {
        if (name.empty() || name.find('/') != std::string::npos) {
            complain_at(value->location,
                        fmt::format("`{}` names {}, which is no file name", key, toml_quoted(name)),
                        "a file name or soname, as in `audit-allow = [\"libfoo.so.1\"]`");
        }
    }
    return names;
}

template <class Value, std::size_t count>
Value read_word(const TomlValue& value, const std::string& key,
                const std::array<std::pair<std::string_view, Value>, count>& words) {
    const std::string& text = expect_string(value, key);
    Keys known;
    for (const auto& [word, meaning] : words) {
        if (word == text) {
            return meaning;
        }
        known.emplace_back(word);
    }
    complain_at(value.location, fmt::format("`{}` cannot be {}", key, toml_quoted(text)),
                known_words(text, known));
}

std::optional<GpuPin> read_pin(const TomlValue& table, const char* key, const std::string& where) {
    const TomlValue* const value = table.find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    const std::string& text = expect_string(*value, where + "." + key);
    if (text.find_first_not_of(' ') == std::string::npos) {
        complain_at(value->location, fmt::format("`{}.{}` pins nothing", where, key),
                    "a version, as in `12.8` or `>=9.1,<10`; leave the key out if any will do");
    }
    return GpuPin{text, value->location};
}

/// A list, or "none".
std::vector<std::string> read_gpu_names(const TomlValue& value, const std::string& key) {
    if (const auto* const text = value.get_if<std::string>()) {
        if (*text != "none") {
            complain_at(value.location, fmt::format("`{}` must be a list, or \"none\"", key),
                        "compute capabilities or product names, as in `gpus = [\"8.0\", \"RTX "
                        "4090\"]`");
        }
        return {};
    }
    std::vector<std::string> names = expect_strings(value, key);
    if (names.empty()) {
        complain_at(value.location, fmt::format("`{}` names none", key),
                    "a machine without a GPU has `gpus = \"none\"`; leave the key out if any will "
                    "do");
    }
    return names;
}

} // namespace

} // namespace envpm::manifest
