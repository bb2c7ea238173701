#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace envpm::host {

/// Where a system tells about itself; others in tests.
struct MachineFolders {
    std::filesystem::path proc = "/proc";
    std::filesystem::path sys = "/sys";
    std::filesystem::path dev = "/dev";
    std::filesystem::path wsl = "/usr/lib/wsl/lib"; ///< Windows' driver, as WSL shows it
};

/// What files say of NVIDIA's driver: read in less than a millisecond, and nothing that can hang.
struct KernelDriver {
    std::string version{};           ///< of the kernel's module, "580.65.06"; empty under WSL
    std::filesystem::path origin{};  ///< the file that says so
    std::vector<std::string> gpus{}; ///< UUIDs, as the module lists them; sorted
    bool is_wsl = false;
    std::string boot_id{};
    /// Changes when the driver or its GPUs may: the version and the GPUs' device files, under WSL
    /// path, size and time of the libraries that Windows lends.
    std::vector<std::string> stamp{};
};

/// What is not there or cannot be read is empty.
KernelDriver read_kernel_driver(const MachineFolders& folders);

} // namespace envpm::host
