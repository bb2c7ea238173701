#pragma once

#include <string>
#include <string_view>

namespace envpm::selftest {

/// What is odd about a value of CUDA_VISIBLE_DEVICES, in words; all empty if nothing is.
struct VisibleDevices {
    /// A part that is no number and no id: CUDA looks no further there, so what stands after it is
    /// hidden, and everything if it is the first. "`MIG-1` is no id of a MIG device".
    std::string unreadable;
    bool hides_all = false; ///< it is the first
    /// What CUDA leaves out of a list that it can read: "names 2 MIG devices, and a process …".
    std::string left_out;
    std::string remedy; ///< for either
};

/// Numbers, `GPU-` with what a UUID begins with, `MIG-` with a UUID, or as drivers before R470
/// wrote it `MIG-GPU-<UUID>/<GPU instance>/<compute instance>` (CUDA C++ Programming Guide, "CUDA
/// Environment Variables"; NVIDIA's MIG User Guide, "CUDA Device Enumeration", for a process that
/// sees one compute instance and no other GPU beside it). Pure.
VisibleDevices read_visible_devices(std::string_view text);

} // namespace envpm::selftest
