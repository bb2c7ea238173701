#pragma once

#include "gpuprobe/driver.h"

namespace gpuprobe {

/// What NVML (libnvidia-ml.so.1, else `fallback`) says of the machine: driver, its CUDA version,
/// and every GPU with name, UUID, compute capability and MIG mode, whatever CUDA_VISIBLE_DEVICES
/// hides.
ExitStatus send_management(const char* fallback);

} // namespace gpuprobe
