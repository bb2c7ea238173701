#include "host/gpu_files.h"

#include "base/files.h"

#include <gmock/gmock.h>

namespace envpm::host {

namespace {

class GpuFiles : public testing::Test {
  protected:
    void put(const std::string& path, const std::string& text) const {
        write_file(folder.path() / path, text, Durability::cached);
    }

    [[nodiscard]] KernelDriver found() const {
        const std::filesystem::path& root = folder.path();
        return read_kernel_driver({root / "proc", root / "sys", root / "dev", root / "wsl"});
    }

    TemporaryFolder folder{std::filesystem::temp_directory_path()};
};

TEST_F(GpuFiles, AMachineWithoutADriverHasNothing) {
    const KernelDriver driver = found();
    EXPECT_EQ(driver.version, "");
    EXPECT_EQ(driver.origin, "");
    EXPECT_FALSE(driver.is_wsl);
    EXPECT_THAT(driver.gpus, testing::IsEmpty());
}

TEST_F(GpuFiles, TheModuleTellsItsVersionBelowSys) {
    put("sys/module/nvidia/version", "580.65.06\n");
    put("proc/driver/nvidia/version", "NVRM version: 1.2.3\n");
    EXPECT_EQ(found().version, "580.65.06");
    EXPECT_EQ(found().origin, folder.path() / "sys/module/nvidia/version");
}

TEST_F(GpuFiles, OrInTheLineOfItsProcFile) {
    for (const std::string line :
         {"NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC "
          "2023\nGCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n",
          "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  535.104.05  Release Build\n"}) {
        put("proc/driver/nvidia/version", line);
        EXPECT_EQ(found().version, "535.104.05");
    }
    put("proc/driver/nvidia/version", "garbage 12 a.b .\n");
    EXPECT_EQ(found().version, "");
}

TEST_F(GpuFiles, GpusAreNamedByTheirUuids) {
    put("proc/driver/nvidia/gpus/0000:41:00.0/information",
        "Model: \t\t NVIDIA A100\nGPU UUID: \t GPU-bbb\nBus Type: \t PCIe\n");
    put("proc/driver/nvidia/gpus/0000:01:00.0/information", "GPU UUID: \t GPU-aaa\n");
    put("proc/driver/nvidia/gpus/0000:81:00.0/information", "Model: A100\n");
    EXPECT_THAT(found().gpus, testing::ElementsAre("0000:81:00.0", "GPU-aaa", "GPU-bbb"));
}

TEST_F(GpuFiles, TheStampChangesWithDriverAndDevices) {
    const auto before = found().stamp;
    put("dev/nvidia0", "");
    const auto with_device = found().stamp;
    EXPECT_NE(with_device, before);
    put("sys/module/nvidia/version", "580.65.06\n");
    EXPECT_NE(found().stamp, with_device);
}

TEST_F(GpuFiles, UnderWslTheLibrariesStandForTheDriver) {
    put("proc/sys/kernel/osrelease", "5.15.153.1-microsoft-standard-WSL2\n");
    put("sys/module/nvidia/version", "580.65.06\n");
    const KernelDriver before = found();
    EXPECT_TRUE(before.is_wsl);
    EXPECT_EQ(before.version, "") << "it would be a number of Linux's for a driver of Windows'";
    put("wsl/libcuda.so.1", "loader");
    EXPECT_NE(found().stamp, before.stamp);
}

TEST_F(GpuFiles, ARestartIsSeen) {
    put("proc/sys/kernel/random/boot_id", "0b6c\n");
    EXPECT_EQ(found().boot_id, "0b6c");
}

} // namespace

} // namespace envpm::host
