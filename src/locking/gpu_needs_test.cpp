#include "locking/gpu_needs.h"

#include "locking/solved_world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::locking {
namespace {

using conda::test::entry;
using test::solution_of;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using universe::test::Entries;
using universe::test::Mixed;
using universe::test::needing;

const std::string forge = "[workspace]\nname = \"x\"\nchannels = [\"conda-forge\"]\n"
                          "[channels]\nconda-forge = \"https://conda-forge.example.org\"\n";

class Recorded : public testing::Test {
  protected:
    Mixed world;
    universe::FactsTable facts{std::nullopt};

    void add_wheel(const std::string& name, const std::string& version,
                   const std::vector<std::string>& needs = {}) {
        std::string file = name;
        std::replace(file.begin(), file.end(), '-', '_');
        world.indexes.add("pypi", name, {{file + "-" + version + "-py3-none-any.whl", needs}});
    }

    LockedGpu of(const std::string& manifest) {
        EXPECT_THAT(world.chosen(manifest), testing::Not(IsEmpty())) << manifest;
        return gpu_needs(solution_of(world).packages, std::get<Resolution>(world.answer),
                         *world.universe, world.question->machine, facts);
    }

    LockedGpu of_wheels(const std::string& names, const std::string& rest = "") {
        return of("[workspace]\nname = \"x\"\nchannels = []\n[pypi-dependencies]\n" + names + rest);
    }

    static std::string words(const LockedGpu& gpu) {
        return describe_needs({Target(), std::nullopt, Sha256({}), std::nullopt, gpu});
    }
};

TEST_F(Recorded, NothingOfAGpuForABuildForTheProcessor) {
    add_wheel("torch", "2.9.1+cpu");
    EXPECT_EQ(of_wheels("torch = \"*\"\n"), LockedGpu());
    add_wheel("nvidia-cuda-runtime-cu12", "12.8.90");
    const LockedGpu beside = of_wheels("torch = \"*\"\nnvidia-cuda-runtime-cu12 = \"*\"\n");
    EXPECT_EQ(beside.cuda, (CudaRuntime{12, 8}));
    EXPECT_THAT(beside.gpus, IsEmpty());
}

TEST_F(Recorded, WhatNamesTellWithoutPyTorch) {
    add_wheel("cupy-cuda12x", "13.6.0");
    const LockedGpu cupy = of_wheels("cupy-cuda12x = \"*\"\n");
    EXPECT_EQ(cupy.driver, DriverVersion::parse("525.60.13"));
    EXPECT_EQ(words(cupy), "driver >= 525.60.13 (CUDA 12), glibc >= 2.28");
    add_wheel("jax-cuda13-plugin", "0.8.0");
    EXPECT_EQ(of_wheels("jax-cuda13-plugin = \"*\"\n").driver, DriverVersion::parse("580.65.06"));
    add_wheel("nvidia-cublas", "13.1.0.3");
    EXPECT_EQ(of_wheels("nvidia-cublas = \"*\"\n").cuda, (CudaRuntime{13, std::nullopt}));
    add_wheel("cuda-toolkit", "12.6.3");
    EXPECT_EQ(of_wheels("cuda-toolkit = \"*\"\n").cuda, (CudaRuntime{12, 6}));
}

TEST_F(Recorded, LibrariesTellTheirVersionsAndWhatTheyDropped) {
    add_wheel("nvidia-cudnn-cu12", "9.13.0.50");
    add_wheel("nvidia-nccl-cu12", "2.27.5");
    const LockedGpu needs = of_wheels("nvidia-cudnn-cu12 = \"*\"\nnvidia-nccl-cu12 = \"*\"\n");
    EXPECT_EQ(needs.cudnn, "9.13.0.50");
    EXPECT_EQ(needs.nccl, "2.27.5");
    EXPECT_EQ(needs.least_gpu, (ComputeCapability{7, 5}));
    EXPECT_EQ(words(needs), "driver >= 525.60.13 (CUDA 12), glibc >= 2.28, GPU >= 7.5");
}

TEST_F(Recorded, MachineCodeAndPtxOfPyTorch) {
    add_wheel("torch", "2.7.1+cu128");
    const std::string torch = "torch = \"*\"\n";
    const LockedGpu open = of_wheels(torch);
    EXPECT_THAT(open.gpus, SizeIs(6));
    EXPECT_THAT(open.ptx, ElementsAre(ComputeCapability{12, 0}));
    EXPECT_EQ(open.ptx_cuda, (CudaVersion{12, 8}));
    EXPECT_EQ(open.driver, DriverVersion::parse("525.60.13"));
    EXPECT_EQ(words(open), "driver >= 525.60.13 (CUDA 12.8), glibc >= 2.28, GPU 7.5 to 12.0 and, "
                           "with a driver for CUDA 12.8, from 12.0 on");
}

TEST_F(Recorded, AGpuThatOnlyPtxCoversAsksForTheToolkitsDriver) {
    add_wheel("torch", "2.7.1+cu128");
    const auto for_gpu = [&](const char* gpu) {
        return of_wheels(
                   "torch = \"*\"\n",
                   fmt::format("[targets.t]\nplatform = \"linux-64\"\ngpus = [\"{}\"]\n", gpu))
            .driver;
    };
    EXPECT_EQ(for_gpu("9.0"), DriverVersion::parse("525.60.13"));
    EXPECT_EQ(for_gpu("13.0"), DriverVersion::parse("570.26"));
}

TEST_F(Recorded, CondasPyTorchAsItsRecipeNamesIt) {
    world.add("conda-forge",
              universe::test::with_pythons(
                  {needing(entry("pytorch", "2.9.1", "cuda129_mkl_py312_h1_300"),
                           {"python", "cuda-version >=12.9,<13", "libcudnn"}),
                   needing(entry("libcudnn", "9.13.1.26", "hf7_0"), {}),
                   entry("cuda-version", "12.9", "h4_3"), entry("nccl", "2.28.3", "h1_0")}));
    const LockedGpu needs = of(forge + "[dependencies]\npytorch = \"*\"\nnccl = \"*\"\n");
    EXPECT_EQ(needs.cuda, (CudaRuntime{12, 9}));
    EXPECT_EQ(needs.cudnn, "9.13.1.26");
    EXPECT_EQ(needs.nccl, "2.28.3");
    EXPECT_EQ(needs.gpus.front(), (ComputeCapability{5, 0}));
    EXPECT_EQ(needs.ptx_cuda, (CudaVersion{12, 9}));
    EXPECT_EQ(needs.least_gpu, (ComputeCapability{7, 5})) << "of cuDNN";
    EXPECT_EQ(words(needs), "driver >= 525.60.13 (CUDA 12.9), glibc >= 2.28, GPU 7.5 to 12.0 and, "
                            "with a driver for CUDA 12.9, from 12.0 on");
}

TEST_F(Recorded, CondasOldGpusKeepAnOlderCudnn) {
    world.add(
        "conda-forge",
        universe::test::with_pythons(
            {needing(entry("pytorch", "2.9.1", "cuda129_mkl_py312_h1_300"), {"python", "libcudnn"}),
             entry("libcudnn", "9.10.2.21", "hf7_0"), entry("libcudnn", "9.13.1.26", "hf7_0")}));
    const std::string old = "[targets.t]\nplatform = \"linux-64\"\ngpus = [\"6.1\"]\n";
    EXPECT_EQ(of(forge + "[dependencies]\npytorch = \"*\"\n" + old).cudnn, "9.10.2.21");
}

TEST_F(Recorded, WhatCondaAsksOfTheGpu) {
    world.add("conda-forge",
              {needing(entry("lib", "1.0"), {"__cuda >=12.4", "__cuda_arch >=8.0"})});
    const LockedGpu needs = of(forge + "[dependencies]\nlib = \"*\"\n");
    EXPECT_EQ(needs.least_gpu, (ComputeCapability{8, 0}));
    EXPECT_EQ(needs.driver, DriverVersion::parse("550.54.14"));
}

// One copy of each library, whatever packs it.

TEST_F(Recorded, OneSupplierOfALibraryInBothWorlds) {
    add_wheel("nvidia-cublas-cu11", "11.10.3.66");
    add_wheel("nvidia-cudnn-cu11", "8.9.6.50");
    add_wheel("torch", "2.9.1+cu128");
    world.add("conda-forge",
              universe::test::with_pythons({entry("cudatoolkit", "11.8.0", "h4_13"),
                                            entry("cudnn", "8.9.7.29", "h1_0"),
                                            entry("libtorch", "2.9.1", "cuda128_mkl_h1_300")}));
    const auto both = [&](const std::string& conda, const std::string& wheel) {
        return !world
                    .chosen(forge + "[dependencies]\npython = \"*\"\n" + conda +
                            " = \"*\"\n[pypi-dependencies]\n" + wheel + " = \"*\"\n")
                    .empty();
    };
    EXPECT_FALSE(both("cudatoolkit", "nvidia-cublas-cu11"));
    EXPECT_TRUE(both("cudatoolkit", "nvidia-cudnn-cu11")) << "which the toolkit does not have";
    EXPECT_FALSE(both("cudnn", "nvidia-cudnn-cu11"));
    EXPECT_FALSE(both("libtorch", "torch"));
}

} // namespace
} // namespace envpm::locking
