#pragma once

#include "gpu/audit.h"
#include "installing/audit.h"
#include "model/lock.h"

#include <string>
#include <vector>

namespace envpm::installing {

/// Where the binaries of an environment have less than its lock says. The lock rests on the table
/// of facts and on what recipes say; what the files have is so. Looked at are PyTorch's kernels and
/// the libraries that every model computes with (cuBLAS, cuDNN's operations); one finding for each
/// file, in their order. Nothing if the lock names no GPU.
std::vector<gpu::Finding> less_than_locked(const std::vector<CodeReport>& code,
                                           const LockedGpu& locked,
                                           const std::vector<std::string>& allowed);

} // namespace envpm::installing
