#include "selftest/probe.h"

#include <gmock/gmock.h>

#include <csignal>

namespace envpm::selftest {

namespace {

using std::chrono::milliseconds;

/// The fakes in place of a driver; `mode` is described in tests/support/fake_gpu/cuda.cpp.
ProbeRequest fake(const std::string& mode, int gpus = 1) {
    ProbeRequest request;
    request.program = GPUPROBE;
    request.variables.set("LD_LIBRARY_PATH", FAKE_GPU);
    request.variables.set("FAKE_GPU", mode);
    request.variables.set("FAKE_GPU_COUNT", std::to_string(gpus));
    request.time_limit = std::chrono::seconds(20);
    return request;
}

ProbeRequest fake_in_a_hurry(const std::string& mode) {
    ProbeRequest request = fake(mode);
    request.time_limit = milliseconds(400);
    return request;
}

Ending of_driver(const ProbeRequest& request) {
    const ProbeReport report = probe(request);
    EXPECT_THAT(report.gpus, testing::IsEmpty());
    EXPECT_FALSE(report.is_success());
    return report.driver;
}

Ending of_gpu(const ProbeRequest& request) {
    const ProbeReport report = probe(request);
    EXPECT_EQ(report.driver, Ending());
    EXPECT_EQ(report.gpus.size(), 1U);
    return report.gpus.empty() ? Ending() : report.gpus.front().ending;
}

double seconds_of(const ProbeRequest& request, ProbeReport& report) {
    const auto begin = std::chrono::steady_clock::now();
    report = probe(request);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

TEST(Probe, AGpuThatComputesPasses) {
    const ProbeReport report = probe(fake("ok"));
    EXPECT_TRUE(report.is_success());
    EXPECT_EQ(report.cuda, (CudaVersion{13, 0}));
    EXPECT_EQ(report.library, std::string(FAKE_GPU) + "/libcuda.so.1");
    ASSERT_EQ(report.gpus.size(), 1U);
    EXPECT_EQ(report.gpus[0].gpu,
              (ProbedGpu{0, "Fake \"GPU\" 0", "GPU-11111111-1111-1111-1111-111111111111",
                         ComputeCapability{8, 6}}));
}

TEST(Probe, WithoutALibraryItSaysWhatTheLoaderSays) {
    ProbeRequest request = fake("ok");
    request.variables.set("LD_LIBRARY_PATH", "/nonexistent");
    request.wsl = "/nonexistent";
    const ProbeReport report = probe(request);
    if (report.driver.outcome != Outcome::no_library) {
        GTEST_SKIP() << "this machine has a driver of its own";
    }
    EXPECT_THAT(report.driver.detail, testing::HasSubstr("libcuda.so.1"));
}

TEST(Probe, TheLibraryOfWslIsFoundWhereItLies) {
    ProbeRequest request = fake("ok");
    request.variables.unset("LD_LIBRARY_PATH");
    request.wsl = FAKE_GPU;
    EXPECT_THAT(probe(request).gpus, testing::Not(testing::IsEmpty()));
}

TEST(Probe, TheVersionOfAnOldDriverIsTold) {
    EXPECT_EQ(probe(fake("old")).cuda, (CudaVersion{11, 4}));
}

TEST(Probe, ADriverThatFailsIsNamedWithStageAndCode) {
    EXPECT_EQ(of_driver(fake("803")),
              (Ending{Outcome::cuda_error, "init", 803, "CUDA_ERROR_FAKE_803"}));
    EXPECT_EQ(of_driver(fake("802")).code, 802);
    EXPECT_EQ(of_driver(fake("804")).code, 804);
    EXPECT_EQ(of_driver(fake("nodev")).outcome, Outcome::no_device);
}

TEST(Probe, TheVersionIsThereThoughTheDriverHasNoGpu) {
    EXPECT_EQ(probe(fake("nodev")).cuda, (CudaVersion{13, 0}));
}

TEST(Probe, TheStubFailsBeforeAnythingElse) {
    EXPECT_EQ(of_driver(fake("stub")), (Ending{Outcome::cuda_error, "version", 34, ""}));
}

TEST(Probe, AKernelThatCannotBeLoadedIsAnErrorOfTheGpu) {
    for (const int code : {203, 209, 221, 222, 223}) {
        EXPECT_EQ(of_gpu(fake(std::to_string(code))),
                  (Ending{Outcome::cuda_error, "module", code,
                          "CUDA_ERROR_FAKE_" + std::to_string(code)}));
    }
}

TEST(Probe, ADriverThatDroppedTheFirstKernelGetsTheSecond) {
    EXPECT_EQ(of_gpu(fake("ptx60")), Ending());
}

TEST(Probe, AWrongWordIsNoSuccess) {
    EXPECT_EQ(of_gpu(fake("wrong")), (Ending{Outcome::wrong_result, "", 1, ""}));
}

TEST(Probe, AKernelThatFailsIsSeenWhereItIsWaitedFor) {
    EXPECT_EQ(of_gpu(fake("launch")).stage, "synchronize");
}

TEST(Probe, AGpuThatAnotherProcessHasIsBusy) {
    EXPECT_EQ(of_gpu(fake("busy")).outcome, Outcome::busy);
    EXPECT_EQ(of_gpu(fake("oom")).outcome, Outcome::busy);
}

TEST(Probe, ACrashHasTheStageAndTheSignal) {
    EXPECT_EQ(of_driver(fake("crash")), (Ending{Outcome::crashed, "init", SIGABRT, "signal 6"}));
}

TEST(Probe, AnExitInTheDriverIsNoSuccessThoughItsStatusIsZero) {
    EXPECT_EQ(of_driver(fake("exit")), (Ending{Outcome::crashed, "init", 0, "exit status 0"}));
}

TEST(Probe, AHangEndsAtTheLimitWithItsStage) {
    ProbeReport report;
    EXPECT_LT(seconds_of(fake_in_a_hurry("hang"), report), 5);
    EXPECT_EQ(report.driver, (Ending{Outcome::timed_out, "init", 0, "400 ms"}));
}

TEST(Probe, AHangOfAGpuIsThatGpus) {
    ProbeReport report;
    EXPECT_LT(seconds_of(fake_in_a_hurry("hang-sync"), report), 5);
    ASSERT_EQ(report.gpus.size(), 1U);
    EXPECT_EQ(report.gpus[0].ending, (Ending{Outcome::timed_out, "synchronize", 0, "400 ms"}));
}

TEST(Probe, AProcessThatTheDriverLeavesDoesNotHoldItUp) {
    ProbeReport report;
    EXPECT_LT(seconds_of(fake("leave"), report), 10);
    EXPECT_TRUE(report.is_success());
    EXPECT_LT(seconds_of(fake("leave-exit"), report), 10);
    EXPECT_EQ(report.driver.outcome, Outcome::crashed);
}

TEST(Probe, WhatCannotBeKilledIsLeftBehind) {
    ProbeRequest request = fake_in_a_hurry("stuck");
    request.patience = milliseconds(300);
    ProbeReport report;
    EXPECT_LT(seconds_of(request, report), 4);
    if (report.driver.outcome == Outcome::timed_out) {
        GTEST_SKIP() << "this machine lets no process trace another";
    }
    EXPECT_EQ(report.driver, (Ending{Outcome::stuck, "init", 0, ""}));
}

TEST(Probe, ASlowDriverIsWaitedFor) {
    EXPECT_TRUE(probe(fake("slow")).is_success());
}

TEST(Probe, OneBadGpuSaysNothingAboutTheOthers) {
    for (const std::string mode : {"wrong", "hang-sync", "222"}) {
        ProbeRequest request = fake(mode, 3);
        request.variables.set("FAKE_GPU_BAD", "1");
        request.time_limit = milliseconds(mode == "hang-sync" ? 1500 : 20'000);
        const ProbeReport report = probe(request);
        ASSERT_EQ(report.gpus.size(), 3U) << mode;
        EXPECT_EQ(report.gpus[0].ending.outcome, Outcome::passed) << mode;
        EXPECT_NE(report.gpus[1].ending.outcome, Outcome::passed) << mode;
        EXPECT_EQ(report.gpus[2].ending.outcome, Outcome::passed) << mode;
        EXPECT_EQ(report.gpus[1].gpu.index, 1);
        EXPECT_FALSE(report.is_success());
    }
}

TEST(Probe, TheFirstGpuMayBeTheBadOne) {
    ProbeRequest request = fake("wrong", 2);
    request.variables.set("FAKE_GPU_BAD", "0");
    const ProbeReport report = probe(request);
    ASSERT_EQ(report.gpus.size(), 2U);
    EXPECT_EQ(report.gpus[0].ending.outcome, Outcome::wrong_result);
    EXPECT_EQ(report.gpus[1].ending.outcome, Outcome::passed);
}

TEST(Probe, WithoutItsProgramItSaysSo) {
    ProbeRequest request = fake("ok");
    request.program = "/nonexistent/envpm-gpuprobe";
    EXPECT_EQ(of_driver(request).outcome, Outcome::no_probe);
}

TEST(Probe, NvmlNamesWhatCudaDoesNotSee) {
    ProbeRequest request = fake("nodev");
    request.variables.set("FAKE_NVML", "mig");
    const ManagementReport report = ask_management(request);
    ASSERT_EQ(report.gpus.size(), 1U);
    EXPECT_TRUE(report.gpus[0].is_divided);
    request.variables.set("FAKE_NVML", "mismatch");
    EXPECT_EQ(ask_management(request).error, 18);
    request.variables.set("FAKE_NVML", "hang");
    request.time_limit = milliseconds(300);
    EXPECT_THAT(ask_management(request).gpus, testing::IsEmpty());
}

/// Where there is a GPU, all of this for real.
TEST(Probe, TheGpusOfThisMachinePass) {
    ProbeRequest request;
    request.program = GPUPROBE;
    request.time_limit = std::chrono::seconds(20);
    const ProbeReport report = probe(request);
    if (report.gpus.empty()) {
        GTEST_SKIP() << "skipped: no GPU";
    }
    for (const TestedGpu& tested : report.gpus) {
        EXPECT_THAT(tested.ending.outcome, testing::AnyOf(Outcome::passed, Outcome::busy))
            << tested.gpu.name << " " << tested.ending.stage << " " << tested.ending.detail;
    }
}

} // namespace

} // namespace envpm::selftest
