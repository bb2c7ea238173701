#pragma once

#include "gpuprobe/driver.h"

namespace gpuprobe {

/// Tells name, UUID and compute capability of a visible GPU: what the driver says of them, which
/// may be nothing.
void send_device(const Driver& driver, int index);

/// Runs the kernel on it, compares every word, and tells the verdict.
ExitStatus test_device(const Driver& driver, int index);

} // namespace gpuprobe
