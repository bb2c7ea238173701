#include "host/gpu_driver.h"

#include "base/error.h"
#include "base/files.h"

#include <gmock/gmock.h>

namespace envpm::host {

namespace {

using std::chrono::milliseconds;

/// A machine of fakes: files, a driver's libraries, and a nvidia-smi.
class Detect : public testing::Test {
  protected:
    Detect() {
        const std::filesystem::path& root = folder.path();
        query.probe = GPUPROBE;
        query.folders = {root / "proc", root / "sys", root / "dev", root / "wsl"};
        query.time_limit = std::chrono::seconds(20);
        set("PATH", (root / "bin").string());
    }

    void put(const std::string& path, const std::string& text) const {
        write_file(folder.path() / path, text, Durability::cached);
    }

    void put_nvidia_smi(const std::string& script) const {
        put("bin/nvidia-smi", "#!/bin/sh\n" + script + "\n");
        std::filesystem::permissions(folder.path() / "bin/nvidia-smi",
                                     std::filesystem::perms::owner_all);
    }

    void set(const std::string& name, const std::string& value) {
        query.variables.set(name, value);
    }

    void use_fakes(const std::string& cuda = "ok", const std::string& nvml = "ok") {
        set("LD_LIBRARY_PATH", FAKE_GPU);
        set("FAKE_GPU", cuda);
        set("FAKE_NVML", nvml);
    }

    [[nodiscard]] MachineFacts found() const { return detect_machine(query); }

    TemporaryFolder folder{std::filesystem::temp_directory_path()};
    MachineQuery query;
};

std::string text_of(const Fact<DriverVersion>& fact) {
    return fact.value ? fact.value->text() : "none";
}

std::string text_of(const Fact<CudaVersion>& fact) {
    return fact.value ? fact.value->text() : "none";
}

TEST_F(Detect, AMachineWithoutADriverHasGlibcAlone) {
    put_nvidia_smi("echo 580.65.06, 8.6, GPU-1, A GPU"); // not asked: there is no driver
    const MachineFacts facts = found();
    if (!facts.cuda.origin.empty()) {
        GTEST_SKIP() << "this machine has a driver of its own";
    }
    EXPECT_EQ(facts.driver, Fact<DriverVersion>());
    EXPECT_EQ(facts.gpus, Fact<std::vector<ProbedGpu>>());
    EXPECT_TRUE(facts.glibc.value);
    EXPECT_EQ(facts.glibc.origin, "the C library");
}

TEST_F(Detect, EachFactSaysWhereItIsFrom) {
    put("sys/module/nvidia/version", "580.65.06\n");
    use_fakes();
    const MachineFacts facts = found();
    EXPECT_EQ(text_of(facts.driver), "580.65.06");
    EXPECT_EQ(facts.driver.origin, folder.path() / "sys/module/nvidia/version");
    EXPECT_EQ(text_of(facts.cuda), "13.0");
    EXPECT_EQ(facts.cuda.origin, std::string(FAKE_GPU) + "/libcuda.so.1");
    ASSERT_TRUE(facts.gpus.value);
    EXPECT_EQ(facts.gpus.origin, facts.cuda.origin);
    EXPECT_EQ(facts.gpus.value->at(0).capability, (ComputeCapability{8, 6}));
}

TEST_F(Detect, ACompatibilityLibraryIsAnotherFactThanTheDriver) {
    put("sys/module/nvidia/version", "535.104.05\n");
    use_fakes();
    EXPECT_EQ(text_of(found().driver), "535.104.05");
    EXPECT_EQ(text_of(found().cuda), "13.0");
}

TEST_F(Detect, AVariableForProgramsHidesNothingOfTheMachine) {
    use_fakes();
    set("FAKE_GPU", "ok");
    set("CUDA_VISIBLE_DEVICES", "");
    EXPECT_TRUE(found().gpus.value);
}

TEST_F(Detect, ADriverWithoutAGpuHasItsVersionAllTheSame) {
    use_fakes("nodev");
    set("FAKE_NVML_COUNT", "0");
    const MachineFacts facts = found();
    EXPECT_EQ(text_of(facts.cuda), "13.0");
    ASSERT_TRUE(facts.gpus.value) << "NVML says that there are none";
    EXPECT_THAT(*facts.gpus.value, testing::IsEmpty());
}

TEST_F(Detect, NvmlKnowsGpusThatCudaMayNotUse) {
    use_fakes("nodev", "mig");
    set("FAKE_NVML_COUNT", "2");
    const MachineFacts facts = found();
    EXPECT_EQ(facts.gpus.origin, "NVML");
    ASSERT_EQ(facts.gpus.value.value().size(), 2U);
    EXPECT_TRUE(facts.gpus.value->at(0).is_divided);
    EXPECT_EQ(facts.gpus.value->at(1).capability, (ComputeCapability{8, 0}));
}

TEST_F(Detect, UnderWslTheDriverIsThatOfWindows) {
    put("proc/sys/kernel/osrelease", "5.15.153.1-microsoft-standard-WSL2\n");
    put("sys/module/nvidia/version", "1.2.3\n");
    query.folders.wsl = FAKE_GPU; // found there, not by the loader
    set("FAKE_GPU", "ok");
    const MachineFacts facts = found();
    EXPECT_TRUE(facts.is_wsl);
    EXPECT_EQ(text_of(facts.driver), "580.65.06");
    EXPECT_EQ(facts.driver.origin, "NVML");
    EXPECT_EQ(text_of(facts.cuda), "13.0");
}

TEST_F(Detect, NvidiaSmiIsAskedLast) {
    put("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX Module  535.104.05  x\n");
    put_nvidia_smi("echo '535.104.05, 8.6, GPU-1, NVIDIA GeForce RTX 3090'\n"
                   "echo '535.104.05, 6.1, GPU-2, NVIDIA GeForce GTX 1080'");
    use_fakes("803", "mismatch");
    const MachineFacts facts = found();
    EXPECT_EQ(facts.gpus.origin, folder.path() / "bin/nvidia-smi");
    EXPECT_EQ(facts.gpus.value.value().at(1).capability, (ComputeCapability{6, 1}));
    EXPECT_EQ(facts.gpus.value.value().at(0).name, "NVIDIA GeForce RTX 3090");
    put_nvidia_smi("echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18");
    EXPECT_EQ(found().gpus, Fact<std::vector<ProbedGpu>>());
}

TEST_F(Detect, AStubIsNoDriver) {
    use_fakes("stub", "mismatch");
    EXPECT_EQ(found().gpus, Fact<std::vector<ProbedGpu>>());
    EXPECT_EQ(text_of(found().driver), "none");
}

TEST_F(Detect, WhateverHangsItEndsInTime) {
    put("sys/module/nvidia/version", "580.65.06\n");
    use_fakes("hang", "hang");
    put_nvidia_smi("sleep 60");
    query.time_limit = milliseconds(2000);
    const auto begin = std::chrono::steady_clock::now();
    const MachineFacts facts = found();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    EXPECT_EQ(text_of(facts.driver), "580.65.06");
    EXPECT_EQ(text_of(facts.cuda), "13.0") << "cuInit hangs, the version comes before it";
    EXPECT_EQ(facts.gpus, Fact<std::vector<ProbedGpu>>());
}

TEST_F(Detect, WithoutItsProbeTheFilesRemain) {
    put("sys/module/nvidia/version", "580.65.06\n");
    query.probe = "/nonexistent/envpm-gpuprobe";
    EXPECT_EQ(text_of(found().driver), "580.65.06");
    EXPECT_EQ(text_of(found().cuda), "none");
}

TEST_F(Detect, VariablesSayWhatTheMachineIs) {
    use_fakes();
    put("sys/module/nvidia/version", "580.65.06\n");
    set("ENVPM_DRIVER", "550.54");
    set("ENVPM_CUDA", "12.4");
    set("CONDA_OVERRIDE_CUDA", "11.8");
    set("ENVPM_GPUS", "9.0, 8.6");
    set("CONDA_OVERRIDE_GLIBC", "2.17");
    const MachineFacts facts = found();
    EXPECT_EQ(text_of(facts.driver), "550.54");
    EXPECT_EQ(facts.driver.origin, "ENVPM_DRIVER");
    EXPECT_EQ(text_of(facts.cuda), "12.4");
    EXPECT_EQ(facts.gpus.value.value().at(1).capability, (ComputeCapability{8, 6}));
    EXPECT_EQ(facts.glibc.value, (GlibcVersion{2, 17}));
}

TEST_F(Detect, CondasVariablesHoldWhereOursDoNot) {
    set("CONDA_OVERRIDE_CUDA", "11.8");
    set("CONDA_OVERRIDE_CUDA_ARCH", "8.6");
    const MachineFacts facts = found();
    EXPECT_EQ(text_of(facts.cuda), "11.8");
    EXPECT_EQ(facts.cuda.origin, "CONDA_OVERRIDE_CUDA");
    EXPECT_EQ(facts.gpus.value.value().at(0).capability, (ComputeCapability{8, 6}));
    set("CONDA_OVERRIDE_CUDA", "12");
    EXPECT_EQ(text_of(found().cuda), "12.0");
    set("CONDA_OVERRIDE_CUDA", "12.4.1");
    EXPECT_EQ(text_of(found().cuda), "12.4");
}

TEST_F(Detect, AnEmptyVariableSaysThatThereIsNone) {
    use_fakes();
    set("CONDA_OVERRIDE_CUDA", "");
    set("CONDA_OVERRIDE_CUDA_ARCH", "");
    set("ENVPM_DRIVER", "");
    const MachineFacts facts = found();
    EXPECT_EQ(facts.cuda, (Fact<CudaVersion>{std::nullopt, "CONDA_OVERRIDE_CUDA"}));
    EXPECT_EQ(facts.gpus.origin, "CONDA_OVERRIDE_CUDA_ARCH");
    EXPECT_FALSE(facts.gpus.value);
    EXPECT_EQ(text_of(facts.driver), "none");
}

TEST_F(Detect, NonsenseInAVariableIsAnError) {
    for (const std::string name :
         {"ENVPM_DRIVER", "ENVPM_CUDA", "ENVPM_GPUS", "CONDA_OVERRIDE_CUDA",
          "CONDA_OVERRIDE_CUDA_ARCH", "CONDA_OVERRIDE_GLIBC"}) {
        MachineQuery bad = query;
        bad.variables.set(name, "new");
        try {
            detect_machine(bad);
            ADD_FAILURE() << name;
        } catch (const Error& error) {
            EXPECT_EQ(error.text().subject, name);
            EXPECT_EQ(error.code(), ExitCode::usage) << name;
        }
    }
}

} // namespace

} // namespace envpm::host
