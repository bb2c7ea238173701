#pragma once

#include "gpuprobe/driver.h"

namespace gpuprobe {

/// Loads one CUDA library by its path, without a driver, and says its version: of the runtime,
/// NVRTC and nvJitLink that of CUDA, of the others their own. Then which CUDA libraries the process
/// has mapped: what it brought along may come from elsewhere. One process for one library, because
/// a library may crash or hang in its constructors.
ExitStatus send_library_version(const char* path);

/// Which CUDA libraries the process has mapped by now, the driver's excepted: a fact `mapped` each.
void send_mapped();

} // namespace gpuprobe
