#pragma once

#include "base/toml.h"
#include "model/gpu_policy.h"

#include <string>

namespace envpm::manifest {

/// `[gpu]`. The pins are read as far as that they are texts; their language is the solve's.
GpuPolicy read_gpu(const TomlValue& table, const std::string& name);

/// `driver`, `cuda` and `gpus` of a target; `key` is the target's own, for complaints. What a
/// product name means is for the facts table.
DeclaredGpu read_declared_gpu(const TomlValue& target, const std::string& key);

} // namespace envpm::manifest
