#pragma once

#include "gpu/binary.h"

namespace envpm::gpu {

/// What the data of a file that has to do with CUDA tells besides its headers: the libraries that
/// it loads by name, a runtime that is linked in, the version of a part of cuDNN, and for which
/// drivers a libcuda is. No document says how to see these: they were found in NVIDIA's files, and
/// what is not there is left open (docs/audit.md, "What is read"). Throws as Elf does.
void read_cuda_traces(const Elf& elf, Binary& binary, const Passed& passed);

} // namespace envpm::gpu
