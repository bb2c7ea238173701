#include "base/assert.h"
#include "host/gpu_files.h"
#include "model/cuda_version.h"
#include "state_files.h"

namespace envpm::fuzz {

/// What the kernel's files say of a driver and of a GPU, the first line for the one and the rest
/// for the other: a version is one, and a GPU's name has no blanks in it.
void read(std::string_view input) {
    const auto [version, gpu] = first_line(input);
    const std::filesystem::path proc = scratch_folder() / "proc";
    write_scratch("proc/driver/nvidia/version", version);
    write_scratch("proc/driver/nvidia/gpus/0000:01:00.0/information", gpu);
    const host::KernelDriver driver = host::read_kernel_driver(
        {proc, scratch_folder() / "sys", scratch_folder() / "dev", scratch_folder() / "wsl"});
    ENVPM_ASSERT(driver.version.empty() == driver.origin.empty());
    ENVPM_ASSERT(driver.version.empty() || DriverVersion::parse(driver.version));
    ENVPM_ASSERT(driver.gpus.size() == 1);
    ENVPM_ASSERT(driver.gpus[0].find_first_of(" \t\n") == std::string::npos);
}

} // namespace envpm::fuzz
