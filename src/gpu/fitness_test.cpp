#include "gpu/fitness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::gpu {

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Facts& shipped_facts() {
    static const Facts shipped = Facts::shipped();
    return shipped;
}

TargetMachine with_driver(const char* driver) {
    TargetMachine machine{"t", Platform::linux_64, DriverVersion::parse(driver), {}, {}};
    machine.cuda = shipped_facts().newest_cuda(*machine.driver, DriverSystem::linux_kernel)->value;
    return machine;
}

TargetMachine with_gpu(const char* gpu) {
    return {"t", Platform::linux_64, {}, {}, {{ComputeCapability::parse(gpu).value()}}};
}

std::string of_runtime(const CudaVersion& runtime, const TargetMachine& machine) {
    return fault_of_runtime(runtime, machine, shipped_facts()).value_or("");
}

std::string of_torch(const char* version, const CudaRuntime& runtime,
                     const TargetMachine& machine) {
    return fault_of_torch(version, runtime, machine, shipped_facts()).value_or("");
}

TEST(Runtime, NeedsTheLeastDriverOfItsMajor) {
    EXPECT_THAT(of_runtime({13, 0}, with_driver("535.104.05")),
                AllOf(HasSubstr("CUDA 13 needs a driver >= 580.65.06"),
                      HasSubstr("target `t` has 535.104.05"),
                      HasSubstr("[gpu-facts: cuda_minor_compat 13]")));
    EXPECT_THAT(of_runtime({12, 9}, with_driver("535.104.05")), IsEmpty());
    EXPECT_THAT(of_runtime({12, 0}, with_driver("525.60.13")), IsEmpty());
    EXPECT_THAT(of_runtime({12, 0}, with_driver("525.60.12")), HasSubstr("525.60.13"));
    EXPECT_THAT(of_runtime({12, 0}, with_driver("470.82.01")), HasSubstr("525.60.13"));
    EXPECT_THAT(of_runtime({11, 8}, with_driver("470.82.01")), IsEmpty());
}

TEST(Cudnn, HasNoCodeForGpusThatItDropped) {
    const auto of_cudnn = [](const char* version, const char* gpu) {
        return fault_of_cudnn(version, with_gpu(gpu), shipped_facts()).value_or("");
    };
    EXPECT_THAT(of_cudnn("9.11.0.98", "7.0"),
                AllOf(HasSubstr("no code for GPUs before 7.5"), HasSubstr("has one of 7.0"),
                      HasSubstr("[gpu-facts: cudnn_least_gpu 9.11]")));
    EXPECT_THAT(of_cudnn("9.10.2.21", "7.0"), IsEmpty());
    EXPECT_THAT(of_cudnn("9.11.0.98", "7.5"), IsEmpty());
}

TEST(Torch, OnADriverBeforeTheTableMayRelyOnNoPtx) {
    TargetMachine machine = with_gpu("12.1");
    EXPECT_THAT(of_torch("2.7.1", {12, 8}, machine), IsEmpty());
    machine.driver = DriverVersion::parse("304.10");
    EXPECT_FALSE(shipped_facts().newest_cuda(*machine.driver, DriverSystem::linux_kernel));
    machine.gpus = {{ComputeCapability{13, 0}}};
    EXPECT_THAT(of_torch("2.7.1", {12, 8}, machine), HasSubstr("has only PTX of CUDA 12.8"));
}

TEST(Runtime, FollowsTheDriversCudaWhereTheDriverIsNotDeclared) {
    TargetMachine machine{"t", Platform::linux_64, {}, CudaVersion{12, 4}, {}};
    EXPECT_THAT(of_runtime({13, 0}, machine), HasSubstr("runs CUDA up to 12.4"));
    EXPECT_THAT(of_runtime({12, 9}, machine), IsEmpty());
}

TEST(Runtime, FollowsBothWhereDriverAndCudaAreDeclared) {
    TargetMachine machine = with_driver("580.65.06");
    machine.cuda = CudaVersion{12, 2};
    EXPECT_THAT(of_runtime({13, 0}, machine), HasSubstr("runs CUDA up to 12.2"));
    EXPECT_THAT(of_runtime({12, 8}, machine), IsEmpty());
    machine.driver = DriverVersion::parse("470.82.01");
    EXPECT_THAT(of_runtime({12, 0}, machine), HasSubstr("needs a driver >= 525.60.13"));
}

TEST(Runtime, MustKnowTheArchitecture) {
    EXPECT_THAT(of_runtime({13, 0}, with_gpu("6.0")),
                AllOf(HasSubstr("no code for the GPU 6.0"), HasSubstr("CUDA 12.9 is the last")));
    EXPECT_THAT(of_runtime({12, 9}, with_gpu("6.0")), IsEmpty());
    EXPECT_THAT(of_runtime({13, 0}, with_gpu("7.5")), IsEmpty());
    EXPECT_THAT(of_runtime({13, 0}, {}), IsEmpty());
}

TEST(Torch, MustHaveCodeForEveryGpu) {
    EXPECT_THAT(of_torch("2.5.1+cu121", {12, 1}, with_gpu("12.0")),
                AllOf(HasSubstr("its cu121 build"), HasSubstr("none for the GPU 12.0"),
                      HasSubstr("torch_variant 2.5 cu121")));
    EXPECT_THAT(of_torch("2.9.1+cu128", {12, 8}, with_gpu("12.0")), IsEmpty());
    EXPECT_THAT(of_torch("2.9.1+cu128", {12, 8}, with_gpu("6.0")), HasSubstr("none for"));
    EXPECT_THAT(of_torch("2.9.1+cu126", {12, 6}, with_gpu("6.0")), IsEmpty());
    TargetMachine both = with_gpu("8.0");
    both.gpus->push_back({12, 0});
    EXPECT_THAT(of_torch("2.5.1+cu121", {12, 1}, both), HasSubstr("12.0"));
}

TEST(Torch, MayHaveOnlyPtxWhereTheDriverKnowsIt) {
    TargetMachine machine = with_gpu("13.0"); // after all that the build has machine code for
    machine.cuda = CudaVersion{12, 4};
    EXPECT_THAT(of_torch("2.7.1+cu128", {12, 8}, machine),
                AllOf(HasSubstr("has only PTX of CUDA 12.8 for the GPU 13.0"),
                      HasSubstr("runs CUDA up to 12.4")));
    machine.cuda = CudaVersion{12, 8};
    EXPECT_THAT(of_torch("2.7.1+cu128", {12, 8}, machine), IsEmpty());
    machine.cuda.reset();
    EXPECT_THAT(of_torch("2.7.1+cu128", {12, 8}, machine), IsEmpty());
}

TEST(Torch, IsNotJudgedByWhatIsNotKnown) {
    EXPECT_THAT(of_torch("2.9.1", {12, std::nullopt}, with_gpu("6.0")), IsEmpty());
    EXPECT_THAT(of_torch("2.9.1+cu119", {11, 9}, with_gpu("6.0")), IsEmpty());
    EXPECT_THAT(of_torch("9.9.1+cu128", {12, 8}, with_gpu("6.0")), IsEmpty());
    EXPECT_THAT(of_torch("2.9.1+cu128", {12, 8}, {}), IsEmpty());
}

TEST(Builds, AreForWhatIsAskedFor) {
    EXPECT_THAT(fault_of_build(Build::cpu, {Accelerator::cuda, "a has GPUs"}).value_or(""),
                HasSubstr("processor alone, and a has GPUs"));
    EXPECT_THAT(fault_of_build(Build::cuda, {Accelerator::cpu, "a has none"}).value_or(""),
                HasSubstr("for CUDA, and a has none"));
    for (const Build build : {Build::cpu, Build::cuda, Build::unknown}) {
        EXPECT_EQ(fault_of_build(build, {Accelerator::any, {}}), std::nullopt);
    }
    EXPECT_EQ(fault_of_build(Build::cuda, {Accelerator::cuda, {}}), std::nullopt);
    EXPECT_EQ(fault_of_build(Build::unknown, {Accelerator::cpu, {}}), std::nullopt);
}

} // namespace

} // namespace envpm::gpu
