#pragma once

#include "gpu/package_traits.h"

#include <string_view>
#include <vector>

namespace envpm::gpu {

// Which packages hold which libraries, as far as their names tell (docs/gpu.md, "What names tell").
// Names are normalised as their world does. Empty for a package of no such library.

/// Of `nvidia-cudnn-cu12`, `nvidia-cublas`, `cutensor-cu12`, `mkl`.
std::vector<Library> libraries_of_wheel(std::string_view name);

/// Of `libcublas`; of `cudatoolkit`, which has all of the toolkit's.
std::vector<Library> libraries_of_conda(std::string_view name);

/// Whether it is one of CUDA, whatever packs it.
bool is_cuda_library(std::string_view library);

} // namespace envpm::gpu
