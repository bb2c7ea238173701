#include "pipeline/machine_table.h"

#include "manifest/read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pipeline {
namespace {

using testing::HasSubstr;
using testing::Not;

DetectedMachine with_gpus() {
    DetectedMachine machine{{"x", Platform::linux_64, {2, 36}}, {}};
    machine.facts.driver = {DriverVersion::parse("535.104.05"), "/proc/driver/nvidia/version"};
    machine.facts.cuda = {CudaVersion::parse("12.2"), "libcuda.so.1"};
    machine.facts.gpus = {{{{0, "NVIDIA A100", "", ComputeCapability{8, 0}, false},
                            {1, "NVIDIA A100", "", ComputeCapability{8, 0}, false},
                            {2, "NVIDIA H100", "", ComputeCapability{9, 0}, false}}},
                          "libcuda.so.1"};
    return machine;
}

TEST(TargetTable, IsReadBackAsWhatWasFound) {
    const std::string table = target_table(with_gpus(), "lab.a");
    const Manifest manifest = manifest::parse(table, "envpm.toml", Platform::linux_64);
    ASSERT_EQ(manifest.targets.size(), 1U);
    EXPECT_EQ(manifest.targets[0].name, "lab.a");
    EXPECT_EQ(manifest.targets[0].glibc, (GlibcVersion{2, 36}));
    const DeclaredGpu& gpu = manifest.declared_gpus.at("lab.a");
    EXPECT_EQ(gpu.driver->text(), "535.104.05");
    EXPECT_EQ(gpu.cuda, (CudaVersion{12, 2}));
    EXPECT_THAT(gpu.gpus.value(), testing::ElementsAre("8.0", "9.0"));
    EXPECT_THAT(table, HasSubstr("# NVIDIA A100, NVIDIA H100; libcuda.so.1"));
}

TEST(TargetTable, SaysThatAMachineHasNoGpu) {
    const DetectedMachine machine{{"x", Platform::linux_aarch64, {2, 28}}, {}};
    const std::string table = target_table(machine, "laptop");
    EXPECT_THAT(table, HasSubstr("gpus = \"none\""));
    EXPECT_THAT(table, HasSubstr("no NVIDIA driver on this machine"));
    EXPECT_THAT(table, Not(HasSubstr("driver =")));
    EXPECT_EQ(manifest::parse(table, "envpm.toml", Platform::linux_64).targets[0].platform,
              Platform::linux_aarch64);
}

TEST(TargetTable, LeavesOpenWhatTheDriverDidNotTell) {
    DetectedMachine machine = with_gpus();
    machine.facts.gpus = {};
    const std::string table = target_table(machine, "a");
    EXPECT_THAT(table, HasSubstr("# gpus: the driver did not tell"));
    EXPECT_FALSE(manifest::parse(table, "envpm.toml", Platform::linux_64)
                     .declared_gpus.at("a")
                     .gpus.has_value());
}

TEST(TargetTable, LeavesOutTheNumberOfWindowsDriver) {
    DetectedMachine machine = with_gpus();
    machine.facts.is_wsl = true;
    EXPECT_THAT(target_table(machine, "wsl"), Not(HasSubstr("driver =")));
    EXPECT_THAT(target_table(machine, "wsl"), HasSubstr("cuda = \"12.2\""));
}

} // namespace
} // namespace envpm::pipeline
