#include "gpu/package_traits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::gpu {

namespace {

PackageTraits wheel(std::string_view name, std::string_view version) {
    return traits_of({World::wheel, name, version});
}

PackageTraits conda(std::string_view name, std::string_view version, std::string_view build) {
    return traits_of({World::conda, name, version, build});
}

PackageTraits with_library(Build build, std::optional<CudaRuntime> runtime, Library library) {
    return {build, runtime, {}, {std::move(library)}};
}

TEST(PackageTraits, TorchTellsItsBuildByItsLocalVersion) {
    const Library own{"torch", "wheel"};
    EXPECT_EQ(wheel("torch", "2.9.1+cu128"), with_library(Build::cuda, CudaRuntime{12, 8}, own));
    EXPECT_EQ(wheel("torch", "2.3.1+cu118"), with_library(Build::cuda, CudaRuntime{11, 8}, own));
    EXPECT_EQ(wheel("torch", "1.7.1+cu92"), with_library(Build::cuda, CudaRuntime{9, 2}, own));
    EXPECT_EQ(wheel("torch", "2.9.1+cpu"), with_library(Build::cpu, {}, own));
    EXPECT_EQ(wheel("torch", "2.9.1+rocm6.4"), with_library(Build::other, {}, own));
    EXPECT_EQ(wheel("torch", "2.9.1+xpu"), with_library(Build::other, {}, own));
    EXPECT_EQ(wheel("torch", "2.9.1"), with_library(Build::unknown, {}, own));
    EXPECT_EQ(wheel("torch", "2.9.1+custom"), with_library(Build::unknown, {}, own));
    EXPECT_EQ(wheel("jaxlib", "0.4.1+cuda12.cudnn89"),
              (PackageTraits{Build::cuda, CudaRuntime{12, std::nullopt}}));
    EXPECT_EQ(wheel("flash-attn", "2.8+pt29.cu12"),
              (PackageTraits{Build::cuda, CudaRuntime{12, std::nullopt}}));
}

TEST(PackageTraits, PyTorchsPackagesAreThoseThatAreBuiltWithIt) {
    EXPECT_TRUE(is_torch({World::wheel, "torch", ""}));
    EXPECT_TRUE(is_torch({World::conda, "pytorch", ""}));
    EXPECT_FALSE(is_torch({World::conda, "torch", ""}));
    EXPECT_TRUE(is_of_torch({World::wheel, "torchvision", ""}));
    EXPECT_TRUE(is_of_torch({World::conda, "torchaudio", ""}));
    EXPECT_FALSE(is_of_torch({World::wheel, "torchmetrics", ""}));
}

TEST(PackageTraits, LibrariesTellTheirSupplier) {
    EXPECT_EQ(wheel("nvidia-cuda-runtime-cu12", "12.8.90"),
              (with_library(Build::cuda, CudaRuntime{12, 8}, {"cuda-runtime", "cu12"})));
    EXPECT_EQ(wheel("nvidia-cuda-runtime", "13.0.48"),
              (with_library(Build::cuda, CudaRuntime{13, 0}, {"cuda-runtime", "wheel"})));
    EXPECT_EQ(wheel("nvidia-cudnn-cu12", "9.10.2.21"),
              (with_library(Build::cuda, CudaRuntime{12, std::nullopt}, {"cudnn", "cu12"})));
    EXPECT_EQ(wheel("nvidia-nvjitlink", "13.0.88").runtime, (CudaRuntime{13, std::nullopt}));
    // Its version is its own: CUDA 13 has cuFFT 12.
    EXPECT_EQ(wheel("nvidia-cufft", "12.0.0.15"),
              (with_library(Build::cuda, {}, {"cufft", "wheel"})));
    EXPECT_EQ(conda("libcudnn", "9.10.1.4", "hf7e9902_0"),
              (with_library(Build::cuda, {}, {"cudnn", "conda"})));
    EXPECT_EQ(conda("cudatoolkit", "11.8.0", "h4ba93d1_13").runtime, (CudaRuntime{11, 8}));
}

TEST(PackageTraits, OneLibraryHasTheSameNameInBothWorlds) {
    const auto names = [](const PackageTraits& traits) {
        std::vector<std::string> out;
        for (const Library& library : traits.libraries) {
            out.push_back(library.name + " " + library.supplier);
        }
        return out;
    };
    using testing::Contains;
    using testing::ElementsAre;
    EXPECT_THAT(names(conda("cudatoolkit", "11.8.0", "h4ba93d1_13")),
                testing::AllOf(Contains("cublas conda"), Contains("cuda-runtime conda"),
                               testing::Not(Contains("cudnn conda"))));
    EXPECT_THAT(names(wheel("cutensor-cu12", "2.3.1")), ElementsAre("cutensor cu12"));
    EXPECT_THAT(names(conda("libcutensor", "2.3.1", "h1_0")), ElementsAre("cutensor conda"));
    EXPECT_THAT(names(conda("libtorch", "2.9.1", "cuda129_mkl_h1_300")),
                ElementsAre("torch conda"));
    EXPECT_THAT(names(wheel("intel-openmp", "2025.2.0")), ElementsAre("openmp wheel"));
    EXPECT_THAT(names(conda("llvm-openmp", "21.1.0", "h1_0")), ElementsAre("openmp conda"));
    EXPECT_EQ(conda("mkl", "2025.2.0", "h1_0").build, Build::unknown);
}

TEST(PackageTraits, APackageOfSeveralLibrariesHasTheVersionOfNone) {
    const PackageTraits toolkit = conda("cudatoolkit", "11.8.0", "h4ba93d1_13");
    EXPECT_TRUE(holds(toolkit, "cuda-runtime"));
    EXPECT_FALSE(holds(toolkit, "cublas"));
    EXPECT_TRUE(holds(wheel("nvidia-cublas-cu11", "11.10.3.66"), "cublas"));
}

TEST(PackageTraits, WhatTheToolkitGoesBy) {
    EXPECT_EQ(wheel("cuda-toolkit", "13.0.2"), (PackageTraits{Build::cuda, CudaRuntime{13, 0}}));
    EXPECT_EQ(conda("cuda-version", "12.9", "h4f385c5_3"),
              (PackageTraits{Build::cuda, CudaRuntime{12, 9}}));
}

TEST(PackageTraits, CondaTellsTheBuildInItsString) {
    EXPECT_EQ(conda("pytorch", "2.9.1", "cuda129_mkl_py312_h1_300").build, Build::cuda);
    EXPECT_EQ(conda("pytorch", "2.9.1", "cpu_generic_py311_h1_0").build, Build::cpu);
    EXPECT_EQ(conda("onnxruntime", "1.22", "py311h1_0_cuda").build, Build::cuda);
    EXPECT_EQ(conda("numpy", "2.3.1", "py311h2e04523_0").build, Build::unknown);
    EXPECT_EQ(conda("cpuinfo", "1.0", "cpuid_0").build, Build::unknown);
    EXPECT_EQ(conda("x", "1.0", "cudart_0").build, Build::unknown);
    EXPECT_EQ(conda("pytorch", "2.5.1", "py3.12_cuda12.4_cudnn9.1.0_0").build, Build::cuda);
    EXPECT_EQ(conda("pytorch", "2.5.1", "py3.12_cpu_0").build, Build::cpu);
}

TEST(PackageTraits, CondaTellsTheToolkitInItsBuildString) {
    EXPECT_EQ(conda("pytorch", "2.9.1", "cuda129_mkl_py312_h1_300").toolkit, (CudaVersion{12, 9}));
    EXPECT_EQ(conda("pytorch", "2.5.1", "py3.12_cuda12.4_cudnn9.1.0_0").toolkit,
              (CudaVersion{12, 4}));
    EXPECT_EQ(conda("pytorch", "1.12.1", "cuda112py39h4de5995_201").toolkit, (CudaVersion{11, 2}));
    EXPECT_EQ(conda("pytorch", "2.9.1", "gpu_cuda126py312h1_0").toolkit, (CudaVersion{12, 6}));
    EXPECT_EQ(conda("x", "1.0", "cuda12_0").toolkit, std::nullopt);
    EXPECT_EQ(conda("x", "1.0", "cuda12_0").build, Build::cuda);
    EXPECT_EQ(conda("pytorch", "2.9.1", "cpu_mkl_py312_h1_100").toolkit, std::nullopt);
}

TEST(PackageTraits, NamesMayTellTheMajor) {
    EXPECT_EQ(wheel("cupy-cuda12x", "13.4.1").runtime, (CudaRuntime{12, std::nullopt}));
    EXPECT_EQ(wheel("jax-cuda13-plugin", "0.8").runtime, (CudaRuntime{13, std::nullopt}));
    EXPECT_EQ(wheel("cuda-bindings", "13.0.1").runtime, std::nullopt);
    EXPECT_EQ(wheel("x-cu12", "1.0").runtime, (CudaRuntime{12, std::nullopt}));
}

TEST(PackageTraits, OthersOfTheMakerAreNoLibraries) {
    EXPECT_EQ(wheel("nvidia-ml-py", "13.580.65"), PackageTraits());
    EXPECT_EQ(wheel("nvidia-", "1.0"), PackageTraits());
    EXPECT_EQ(wheel("nvidia-cudnn-frontend", "1.14.0"), PackageTraits());
}

TEST(PackageTraits, OddVersionsTellNothing) {
    EXPECT_EQ(wheel("cuda-toolkit", "13").runtime, std::nullopt);
    EXPECT_EQ(wheel("cuda-toolkit", "").runtime, std::nullopt);
    EXPECT_EQ(wheel("cuda-toolkit", "a.b").runtime, std::nullopt);
    EXPECT_EQ(wheel("nvidia-cuda-runtime", "-1.2").runtime, std::nullopt);
    EXPECT_EQ(wheel("torch", "2.9.1+cu1280").runtime, std::nullopt);
    EXPECT_EQ(wheel("torch", "2.9.1+").build, Build::unknown);
}

} // namespace

} // namespace envpm::gpu
