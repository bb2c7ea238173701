#pragma once

#include "model/compute_capability.h"

namespace envpm {

// Where device code runs: CUDA C++ Programming Guide, "Binary Compatibility", "PTX Compatibility",
// "Family-specific" and "Architecture-specific Features". Pure.

/// Whether it is that of a processor with a GPU inside (Jetson, Drive), whose code and drivers are
/// not those of boards.
bool is_tegra(const ComputeCapability& capability);

/// Whether machine code for an architecture runs on a device: X.y on X.z with z >= y; with `a` on
/// X.y alone, with `f` on its family. Not between boards and Tegra.
bool sass_runs_on(const ComputeCapability& code, const ComputeCapability& device);

/// Whether PTX for an architecture can be compiled for a device: any that is not older; `a` and `f`
/// as above.
bool ptx_suits(const ComputeCapability& target, const ComputeCapability& device);

} // namespace envpm
