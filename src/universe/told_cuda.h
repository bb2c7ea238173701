#pragma once

#include "conda/record.h"
#include "model/cuda_version.h"
#include "pypi/metadata.h"
#include "universe/universe_pythons.h"

#include <optional>

namespace envpm::universe {

/// What the requirements of a package tell of CUDA and PyTorch on one target. One of a wheel counts
/// only if its marker holds there for one of the Pythons, and those of extras never do; but for
/// `names_`, which say what stands there under whatever marker.
struct ToldCuda {
    bool names_cuda = false;            ///< one of them is for CUDA
    bool needs_cuda = false;            ///< and counts
    std::optional<CudaRuntime> runtime; ///< that it needs as `==`: the CUDA it was built for
    bool pins_torch = false;            ///< it says with which versions of PyTorch it goes
    bool names_triton = false;
};

ToldCuda told_cuda(const pypi::Metadata& metadata, const UniversePythons& pythons,
                   const PythonSet& possible);

/// Of a conda package: whether it depends on CUDA.
ToldCuda told_cuda(const conda::Record& record);

} // namespace envpm::universe
