#include "gpu/package_traits.h"

#include <gtest/gtest.h>

namespace envpm::gpu {

namespace {

PackageTraits wheel(std::string_view name, std::string_view version) {
    return traits_of({World::wheel, name, version});
}

PackageTraits conda(std::string_view name, std::string_view version, std::string_view build) {
    return traits_of({World::conda, name, version, build});
}

TEST(PackageTraits, TorchTellsItsBuildByItsLocalVersion) {
    EXPECT_EQ(wheel("torch", "2.9.1+cu128"), (PackageTraits{Build::cuda, RuntimeNeed{12, 8}, {}}));
    EXPECT_EQ(wheel("torch", "2.3.1+cu118"), (PackageTraits{Build::cuda, RuntimeNeed{11, 8}, {}}));
    EXPECT_EQ(wheel("torch", "1.7.1+cu92"), (PackageTraits{Build::cuda, RuntimeNeed{9, 2}, {}}));
    EXPECT_EQ(wheel("jaxlib", "0.4.1+cuda12.cudnn89"),
              (PackageTraits{Build::cuda, RuntimeNeed{12, std::nullopt}, {}}));
    EXPECT_EQ(wheel("torch", "2.9.1+cpu"), (PackageTraits{Build::cpu, {}, {}}));
    EXPECT_EQ(wheel("torch", "2.9.1"), PackageTraits());
    EXPECT_EQ(wheel("torch", "2.9.1+custom"), PackageTraits());
    EXPECT_EQ(wheel("flash-attn", "2.8+pt29.cu12"),
              (PackageTraits{Build::cuda, RuntimeNeed{12, std::nullopt}, {}}));
}

TEST(PackageTraits, LibrariesTellTheirSupplier) {
    EXPECT_EQ(wheel("nvidia-cuda-runtime-cu12", "12.8.90"),
              (PackageTraits{Build::cuda, RuntimeNeed{12, 8}, Library{"cuda-runtime", "cu12"}}));
    EXPECT_EQ(wheel("nvidia-cuda-runtime", "13.0.48"),
              (PackageTraits{Build::cuda, RuntimeNeed{13, 0}, Library{"cuda-runtime", "wheel"}}));
    EXPECT_EQ(
        wheel("nvidia-cudnn-cu12", "9.10.2.21"),
        (PackageTraits{Build::cuda, RuntimeNeed{12, std::nullopt}, Library{"cudnn", "cu12"}}));
    // Its version is its own: CUDA 13 has cuFFT 12.
    EXPECT_EQ(wheel("nvidia-cufft", "12.0.0.15"),
              (PackageTraits{Build::cuda, {}, Library{"cufft", "wheel"}}));
    EXPECT_EQ(conda("libcudnn", "9.10.1.4", "hf7e9902_0"),
              (PackageTraits{Build::cuda, {}, Library{"cudnn", "conda"}}));
    EXPECT_EQ(conda("cudatoolkit", "11.8.0", "h4ba93d1_13"),
              (PackageTraits{Build::cuda, RuntimeNeed{11, 8}, Library{"cuda-runtime", "conda"}}));
}

TEST(PackageTraits, WhatTheToolkitGoesBy) {
    EXPECT_EQ(wheel("cuda-toolkit", "13.0.2"),
              (PackageTraits{Build::cuda, RuntimeNeed{13, 0}, {}}));
    EXPECT_EQ(conda("cuda-version", "12.9", "h4f385c5_3"),
              (PackageTraits{Build::cuda, RuntimeNeed{12, 9}, {}}));
}

TEST(PackageTraits, CondaTellsTheBuildInItsString) {
    EXPECT_EQ(conda("pytorch", "2.9.1", "cuda129_mkl_py312_h1_300").build, Build::cuda);
    EXPECT_EQ(conda("pytorch", "2.9.1", "cpu_generic_py311_h1_0").build, Build::cpu);
    EXPECT_EQ(conda("onnxruntime", "1.22", "py311h1_0_cuda").build, Build::cuda);
    EXPECT_EQ(conda("numpy", "2.3.1", "py311h2e04523_0").build, Build::unknown);
    EXPECT_EQ(conda("cpuinfo", "1.0", "cpuid_0").build, Build::unknown);
    EXPECT_EQ(conda("x", "1.0", "cudart_0").build, Build::unknown);
}

TEST(PackageTraits, NamesMayTellTheMajor) {
    EXPECT_EQ(wheel("cupy-cuda12x", "13.4.1").runtime, (RuntimeNeed{12, std::nullopt}));
    EXPECT_EQ(wheel("jax-cuda13-plugin", "0.8").runtime, (RuntimeNeed{13, std::nullopt}));
    EXPECT_EQ(wheel("cuda-bindings", "13.0.1").runtime, std::nullopt);
    EXPECT_EQ(wheel("x-cu12", "1.0").runtime, (RuntimeNeed{12, std::nullopt}));
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
