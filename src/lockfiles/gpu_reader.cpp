#include "lockfiles/gpu_reader.h"

#include "base/toml_fields.h"
#include "lockfiles/lock_fields.h"

#include <fmt/format.h>

namespace envpm::lockfiles {

namespace {

template <class Value>
std::optional<Value> read_value(const TomlValue& target, const char* key, const char* example);
std::vector<ComputeCapability> read_capabilities(const TomlValue& target, const char* key);
std::string read_version(const TomlValue& target, const char* key);

} // namespace

LockedGpu read_locked_gpu(const TomlValue& target) {
    return {read_value<DriverVersion>(target, "driver", "525.60.13"),
            read_value<CudaRuntime>(target, "cuda", "12.8"),
            read_version(target, "cudnn"),
            read_version(target, "nccl"),
            read_capabilities(target, "gpu"),
            read_capabilities(target, "gpu-ptx"),
            read_value<CudaVersion>(target, "gpu-ptx-cuda", "12.8"),
            read_value<ComputeCapability>(target, "gpu-least", "7.5")};
}

namespace {

template <class Value>
std::optional<Value> read_value(const TomlValue& target, const char* key, const char* example) {
    const TomlValue* const value = target.find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    const auto read = Value::parse(expect_string(*value, key));
    if (!read) {
        complain_at(value->location, fmt::format("`{}` must be like `{}`", key, example));
    }
    return read;
}

std::vector<ComputeCapability> read_capabilities(const TomlValue& target, const char* key) {
    std::vector<ComputeCapability> capabilities;
    const TomlValue* const value = target.find(key);
    if (value == nullptr) {
        return capabilities;
    }
    for (const std::string& text : expect_strings(*value, key)) {
        const auto capability = ComputeCapability::parse(text);
        if (!capability) {
            complain_at(value->location,
                        fmt::format("`{}` holds `{}`, which is no compute capability", key, text));
        }
        capabilities.push_back(*capability);
    }
    return capabilities;
}

std::string read_version(const TomlValue& target, const char* key) {
    const TomlValue* const value = target.find(key);
    return value == nullptr ? std::string() : word(*value, key, ".+!_-");
}

} // namespace

} // namespace envpm::lockfiles
