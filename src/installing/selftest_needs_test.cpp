#include "installing/selftest_needs.h"

#include <gtest/gtest.h>

namespace envpm::installing {

namespace {

using selftest::Needs;

/// With what the shipped table adds.
Needs judged(const std::vector<LockedPackage>& packages, const LockedGpu& locked = {}) {
    Needs needs = needs_of(packages, locked);
    add_floors(needs, gpu::Facts::shipped());
    return needs;
}

LockedPackage tagged_wheel(const std::string& name, const std::string& version,
                           const std::string& tags) {
    return {.name = *PackageName::parse(name),
            .version = version,
            .source = "pypi",
            .file = name + "-" + version + "-" + tags + ".whl",
            .sha256 = sha256_of("wheel"),
            .targets = {},
            .extras = {},
            .dependencies = {}};
}

LockedPackage conda(const std::string& name, const std::string& version, const std::string& build) {
    return {.name = *PackageName::parse_conda(name),
            .version = version,
            .source = "channel",
            .file = name + "-" + version + "-" + build + ".conda",
            .sha256 = sha256_of("conda"),
            .targets = {},
            .extras = {},
            .dependencies = {},
            .subdir = "linux-64"};
}

const std::string binary = "py3-none-manylinux_2_28_x86_64";

TEST(Needs, PlainPackagesNeedNothing) {
    EXPECT_EQ(needs_of({}), Needs());
    EXPECT_EQ(needs_of({tagged_wheel("numpy", "2.0.0", "cp312-cp312-manylinux_2_28_x86_64"),
                        tagged_wheel("torch", "2.9.1+cpu", binary),
                        tagged_wheel("nvidia-ml-py", "13.580.82", "py3-none-any"),
                        conda("pytorch", "2.9.1", "cpu_mkl_py312_h1"),
                        conda("cudnn-frontend", "1.2", "h0")}),
              Needs());
}

TEST(Needs, AWheelThatIsBuiltForACudaVersionNamesIt) {
    const Needs needs = judged({tagged_wheel("torch", "2.9.1+cu128", binary)});
    EXPECT_TRUE(needs.uses_cuda);
    EXPECT_EQ(needs.package, "torch 2.9.1+cu128");
    EXPECT_EQ(needs.cuda_major, 12);
    EXPECT_EQ(needs.least_driver, DriverVersion::parse("525.60.13"));
    EXPECT_EQ(needs.least_capability, (ComputeCapability{5, 0}));
    EXPECT_EQ(needs_of({tagged_wheel("torch", "2.9.1+cu130", binary)}).cuda_major, 13);
    EXPECT_EQ(needs_of({tagged_wheel("torch", "1.7.1+cu92", binary)}).cuda_major, 9);
    EXPECT_EQ(needs_of({tagged_wheel("jaxlib", "0.4.1+cuda12.cudnn89", binary)}).cuda_major, 12);
}

TEST(Needs, NvidiasWheelsAreLibraries) {
    EXPECT_EQ(needs_of({tagged_wheel("nvidia-cublas-cu12", "12.8.4.1", binary)}).cuda_major, 12);
    EXPECT_EQ(needs_of({tagged_wheel("nvidia-cuda-runtime", "13.0.96", binary)}).cuda_major, 13);
    EXPECT_EQ(needs_of({tagged_wheel("cupy-cuda13x", "14.0", binary)}).cuda_major, 13);
    const Needs unknown = needs_of({tagged_wheel("nvidia-cudnn", "9.13.0", binary)});
    EXPECT_TRUE(unknown.uses_cuda);
    EXPECT_FALSE(unknown.cuda_major);
}

TEST(Needs, CondaPackagesSayItByNameOrBuild) {
    EXPECT_EQ(needs_of({conda("cuda-version", "12.9", "h4f385c5_3")}).cuda_major, 12);
    EXPECT_EQ(needs_of({conda("cudatoolkit", "11.8.0", "h6a678d5_0")}).cuda_major, 11);
    const Needs build = needs_of({conda("pytorch", "2.9.1", "cuda129_mkl_py312_h1_300")});
    EXPECT_TRUE(build.uses_cuda);
    EXPECT_FALSE(build.cuda_major) << "cuda-version, which stands beside it, says which";
    EXPECT_TRUE(needs_of({conda("pytorch", "2.9.1", "py312_h1_gpu")}).uses_cuda);
}

TEST(Needs, TheNewestOfSeveralCounts) {
    const Needs needs = judged({tagged_wheel("nvidia-cudnn", "9.13.0", binary),
                                tagged_wheel("nvidia-cuda-runtime", "13.0.96", binary),
                                tagged_wheel("cupy-cuda12x", "14.0", binary)});
    EXPECT_EQ(needs.cuda_major, 13);
    EXPECT_EQ(needs.package, "nvidia-cuda-runtime 13.0.96");
    EXPECT_EQ(needs.least_capability, (ComputeCapability{7, 5}));
}

TEST(Needs, WhatTheLockSaysCountsMore) {
    LockedGpu locked;
    locked.driver = DriverVersion::parse("590.44.01");
    locked.gpus = {{8, 0}, {9, 0, 'a'}};
    locked.ptx = {{10, 0}};
    locked.ptx_cuda = CudaVersion{12, 9};
    locked.least_gpu = ComputeCapability{8, 0};
    const Needs needs = judged({tagged_wheel("torch", "2.9.1+cu130", binary)}, locked);
    EXPECT_EQ(needs.least_driver, DriverVersion::parse("590.44.01"));
    EXPECT_EQ(needs.locked_least, (ComputeCapability{8, 0}));
    using selftest::CodeFit;
    EXPECT_EQ(needs.fit({8, 6}, {}), CodeFit::runs);
    EXPECT_EQ(needs.fit({9, 0}, {}), CodeFit::runs);
    EXPECT_EQ(needs.fit({12, 0}, {}), CodeFit::runs) << "compiled from PTX for 10.0";
    EXPECT_EQ(needs.fit({12, 0}, CudaVersion{13, 0}), CodeFit::runs);
    EXPECT_EQ(needs.fit({12, 0}, CudaVersion{12, 8}), CodeFit::newer_driver);
    EXPECT_EQ(needs.fit({9, 0}, CudaVersion{12, 8}), CodeFit::runs) << "as machine code";
    EXPECT_EQ(needs.fit({7, 5}, {}), CodeFit::none);
    EXPECT_EQ(Needs().fit({7, 5}, {}), CodeFit::runs) << "nothing is known";
    locked.cuda = CudaRuntime{12, 6};
    const Needs unnamed = needs_of({}, locked);
    EXPECT_TRUE(unnamed.uses_cuda);
    EXPECT_EQ(unnamed.cuda_major, 12);
    EXPECT_EQ(unnamed.package, "the lock");
}

TEST(Needs, MachineCodeForOneArchitectureAloneRunsThereAlone) {
    Needs needs;
    needs.sass = {{12, 0, 'a'}};
    EXPECT_EQ(needs.fit({12, 0}, {}), selftest::CodeFit::runs);
    EXPECT_EQ(needs.fit({12, 1}, {}), selftest::CodeFit::none);
    needs.sass = {{12, 0, 'f'}};
    EXPECT_EQ(needs.fit({12, 1}, {}), selftest::CodeFit::runs);
}

TEST(Needs, AnOldGpuHasANewestCuda) {
    const Needs needs = judged({tagged_wheel("torch", "2.9.1+cu128", binary)});
    EXPECT_EQ(needs.newest_cuda_for({9, 0}), 13);
    EXPECT_EQ(needs.newest_cuda_for({6, 1}), 12);
    EXPECT_EQ(needs.newest_cuda_for({3, 5}), 11);
    EXPECT_EQ(needs.newest_cuda_for({2, 0}), std::nullopt);
}

TEST(Needs, TheNewestCompilerForKernelsMadeAtRunTimeIsNamed) {
    const Needs needs = needs_of({tagged_wheel("nvidia-cuda-nvrtc-cu12", "12.8.93", binary),
                                  tagged_wheel("nvidia-cuda-runtime-cu12", "12.9.79", binary),
                                  conda("cuda-nvcc-tools", "12.9.86", "h1_0")});
    EXPECT_EQ(needs.compiler, "cuda-nvcc-tools 12.9.86");
    EXPECT_EQ(needs.compiler_cuda, (CudaVersion{12, 9}));
    EXPECT_FALSE(needs_of({tagged_wheel("torch", "2.9.1+cu130", binary)}).compiler_cuda);
}

TEST(Needs, OfNoCudaHaveNoFloors) {
    EXPECT_TRUE(judged({tagged_wheel("numpy", "2.0.0", binary)}).majors.empty());
}

} // namespace

} // namespace envpm::installing
