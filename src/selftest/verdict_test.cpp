#include "selftest/verdict.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace envpm::selftest {

namespace {

Situation with_driver(Ending ending) {
    Situation situation;
    situation.kernel_driver = "580.65.06";
    situation.probe.driver = std::move(ending);
    situation.probe.library = "/usr/lib/libcuda.so.580.65.06";
    situation.probe.cuda = CudaVersion{13, 0};
    return situation;
}

Situation with_gpus(const std::vector<Ending>& endings) {
    Situation situation = with_driver({});
    for (const Ending& ending : endings) {
        const int index = static_cast<int>(situation.probe.gpus.size());
        situation.probe.gpus.push_back({{index, "A100", "", ComputeCapability{8, 0}}, ending});
    }
    return situation;
}

Ending init_error(int code) {
    return {Outcome::cuda_error, "init", code, fmt::format("CUDA_ERROR_{}", code)};
}

Needs cuda(int major) {
    Needs needs;
    needs.uses_cuda = true;
    needs.package = fmt::format("torch 2.9.1+cu{}0", major);
    needs.cuda_major = major;
    needs.majors = {
        {11, {450, 80, 2}, {3, 5}}, {12, {525, 60, 13}, {5, 0}}, {13, {580, 65, 6}, {7, 5}}};
    for (const CudaMajor& row : needs.majors) {
        if (row.major == major) {
            needs.least_driver = row.least_driver;
            needs.least_capability = row.least_capability;
        }
    }
    return needs;
}

/// A verdict as it is read.
std::string words_of(const Situation& situation) {
    const Verdict verdict = judge(situation);
    std::string words = verdict.status == Status::passed    ? "passed: "
                        : verdict.status == Status::skipped ? "skipped: "
                                                            : "failed: ";
    words += verdict.summary + "\n";
    for (const Finding& finding : verdict.findings) {
        words += "  " + finding.remedy + "\n    " + finding.cause + "\n";
    }
    for (const std::string& note : verdict.notes) {
        words += "  note: " + note + "\n";
    }
    return words;
}

TEST(Verdict, GpusThatComputePass) {
    EXPECT_EQ(words_of(with_gpus({{}, {}})), "passed: 2 of 2 GPUs computed as they should; driver "
                                             "580.65.06 runs CUDA up to 13.0\n");
}

TEST(Verdict, WithoutADriverThereIsNothingToTest) {
    Situation situation;
    situation.probe.driver = {Outcome::no_library, "", 0,
                              "libcuda.so.1: cannot open shared object file: No such file"};
    EXPECT_EQ(words_of(situation), "skipped: no NVIDIA driver on this machine\n");
    situation.needs = cuda(13);
    EXPECT_EQ(words_of(situation), "skipped: no NVIDIA driver on this machine; torch 2.9.1+cu130 "
                                   "needs driver 580.65.06 or later\n");
}

TEST(Verdict, ADriverWithoutAGpuIsNothingToTest) {
    EXPECT_EQ(words_of(with_driver({Outcome::no_device, "", 100, ""})),
              "skipped: an NVIDIA driver, but no GPU on this machine\n");
}

TEST(Verdict, AContainerWithoutTheLibrary) {
    Situation situation = with_driver({Outcome::no_library, "", 0,
                                       "libcuda.so.1: cannot open shared object file: No such "
                                       "file"});
    situation.probe.cuda.reset();
    EXPECT_EQ(words_of(situation),
              "failed: no GPU can be used\n"
              "  start the container with its GPUs (`docker run --gpus all`), or install the "
              "driver's libraries of the same version\n"
              "    the kernel has NVIDIA driver 580.65.06, but there is no libcuda.so.1 here: "
              "libcuda.so.1: cannot open shared object file: No such file\n");
}

TEST(Verdict, ALibraryThatCannotBeLoadedIsThereAllTheSame) {
    Situation situation;
    situation.probe.driver = {Outcome::no_library, "", 0,
                              "libnvidia-x.so.1: cannot open shared object file"};
    EXPECT_EQ(words_of(situation), "failed: no GPU can be used\n"
                                   "  install the NVIDIA driver anew\n"
                                   "    libcuda.so.1 cannot be loaded: libnvidia-x.so.1: cannot "
                                   "open shared object file\n");
}

TEST(Verdict, WslWithoutItsLibrary) {
    Situation situation;
    situation.is_wsl = true;
    situation.probe.driver = {Outcome::no_library, "", 0, "libcuda.so.1: cannot open"};
    EXPECT_EQ(words_of(situation),
              "failed: no GPU can be used\n"
              "  install the NVIDIA driver for Windows, then run `wsl --shutdown` there\n"
              "    this is WSL, and /usr/lib/wsl/lib has no libcuda.so.1\n");
}

TEST(Verdict, WslWithALinuxDriver) {
    Situation situation = with_gpus({{}});
    situation.is_wsl = true;
    EXPECT_EQ(words_of(situation),
              "passed: 1 of 1 GPU computed as it should; the driver runs CUDA up to 13.0\n"
              "  note: this is WSL, and `/usr/lib/libcuda.so.580.65.06` is not its driver: a Linux "
              "driver installed here hides that of Windows\n");
    situation.probe.library = "/usr/lib/wsl/lib/libcuda.so.1";
    EXPECT_TRUE(judge(situation).notes.empty());
}

TEST(Verdict, TheStubOfTheToolkit) {
    Situation situation = with_driver({Outcome::cuda_error, "version", 34, ""});
    situation.probe.library = "/usr/local/cuda/lib64/stubs/libcuda.so";
    situation.probe.cuda.reset();
    EXPECT_EQ(words_of(situation),
              "failed: no GPU can be used\n"
              "  take the folder `stubs` out of LD_LIBRARY_PATH\n"
              "    `/usr/local/cuda/lib64/stubs/libcuda.so` is the stub that programs are linked "
              "with, no driver\n");
    situation.kernel_driver.clear();
    EXPECT_EQ(words_of(situation), "skipped: no NVIDIA driver on this machine, only its stub "
                                   "`/usr/local/cuda/lib64/stubs/libcuda.so`\n");
}

TEST(Verdict, ADriverThatIsTooOld) {
    Situation situation = with_gpus({{}});
    situation.kernel_driver = "535.104.05";
    situation.probe.cuda = CudaVersion{12, 2};
    situation.needs = cuda(12);
    EXPECT_EQ(judge(situation).status, Status::passed) << "12.2 runs every CUDA 12";
    situation.needs = cuda(13);
    EXPECT_EQ(words_of(situation),
              "failed: 1 of 1 GPU computed as it should; driver 535.104.05 runs CUDA up to 12.2\n"
              "  install NVIDIA driver 580.65.06 or later, or lock packages for CUDA 12\n"
              "    the driver 535.104.05 runs CUDA up to 12.2, and torch 2.9.1+cu130 is built for "
              "CUDA 13\n");
    situation.is_wsl = true;
    situation.probe.library = "/usr/lib/wsl/lib/libcuda.so.1";
    EXPECT_EQ(words_of(situation),
              "failed: 1 of 1 GPU computed as it should; the driver runs CUDA up to 12.2\n"
              "  install a newer NVIDIA driver for Windows, one for CUDA 13.0 or later\n"
              "    the driver runs CUDA up to 12.2, and torch 2.9.1+cu130 is built for CUDA 13\n");
}

TEST(Verdict, AVersionThatIsNotKnownIsNotTooOld) {
    Situation situation = with_driver(init_error(999));
    situation.probe.cuda.reset();
    situation.needs = cuda(13);
    EXPECT_EQ(judge(situation).findings.size(), 1U);
}

TEST(Verdict, AFabricManagerThatDoesNotRun) {
    EXPECT_EQ(words_of(with_driver(init_error(802))),
              "failed: no GPU can be used; driver 580.65.06 runs CUDA up to 13.0\n"
              "  start the fabric manager (`systemctl start nvidia-fabricmanager`)\n"
              "    this machine's NVSwitch is not set up: CUDA_ERROR_802 (802) at `init`\n");
}

TEST(Verdict, ADriverThatWasUpdatedWithoutARestart) {
    EXPECT_EQ(words_of(with_driver(init_error(803))),
              "failed: no GPU can be used; driver 580.65.06 runs CUDA up to 13.0\n"
              "  restart this machine, or load the kernel's module that fits the libraries\n"
              "    the kernel's driver 580.65.06 and `/usr/lib/libcuda.so.580.65.06` are of "
              "different versions, as after an update: CUDA_ERROR_803 (803) at `init`\n");
}

TEST(Verdict, ForwardCompatibilityWhereThereIsNone) {
    Situation situation = with_driver(init_error(804));
    situation.probe.library = "/usr/local/cuda/compat/libcuda.so.1";
    EXPECT_EQ(words_of(situation),
              "failed: no GPU can be used; driver 580.65.06 runs CUDA up to 13.0\n"
              "  take the folder of `/usr/local/cuda/compat/libcuda.so.1` out of LD_LIBRARY_PATH\n"
              "    `/usr/local/cuda/compat/libcuda.so.1` is a driver library for forward "
              "compatibility, which data-centre GPUs alone have: CUDA_ERROR_804 (804) at `init`\n");
}

TEST(Verdict, ADriverThatDoesNotStart) {
    EXPECT_EQ(words_of(with_driver(init_error(999))),
              "failed: no GPU can be used; driver 580.65.06 runs CUDA up to 13.0\n"
              "  load the kernel's modules anew (`modprobe -r nvidia_uvm && modprobe nvidia_uvm`), "
              "or restart\n"
              "    the driver does not start: CUDA_ERROR_999 (999) at `init`\n");
    EXPECT_EQ(words_of(with_driver(init_error(3))),
              "failed: no GPU can be used; driver 580.65.06 runs CUDA up to 13.0\n"
              "  look for `NVRM` in the kernel's log (`dmesg`)\n"
              "    the driver does not start: CUDA_ERROR_3 (3) at `init`\n");
}

TEST(Verdict, ALibraryThatLacksAFunction) {
    EXPECT_EQ(words_of(with_driver({Outcome::no_symbol, "", 0, "cuDeviceGetUuid_v2"})),
              "failed: no GPU can be used; driver 580.65.06 runs CUDA up to 13.0\n"
              "  install a newer NVIDIA driver\n"
              "    `/usr/lib/libcuda.so.580.65.06` has no `cuDeviceGetUuid_v2`\n");
}

TEST(Verdict, GpusThatAVariableHides) {
    Situation situation = with_driver({Outcome::no_device, "", 100, ""});
    situation.variables.set("CUDA_VISIBLE_DEVICES", "");
    const std::string remedy = "  unset CUDA_VISIBLE_DEVICES, or name a GPU that `nvidia-smi -L` "
                               "lists\n";
    EXPECT_EQ(words_of(situation),
              "failed: no GPU can be used; driver 580.65.06 runs CUDA up to 13.0\n" + remedy +
                  "    CUDA_VISIBLE_DEVICES is empty, which hides every GPU\n");
    situation.variables.set("CUDA_VISIBLE_DEVICES", "7");
    situation.probe.driver = init_error(101);
    EXPECT_EQ(words_of(situation),
              "failed: no GPU can be used; driver 580.65.06 runs CUDA up to 13.0\n" + remedy +
                  "    CUDA_VISIBLE_DEVICES is `7`, which names no GPU that is here\n");
    situation.variables.set("CUDA_VISIBLE_DEVICES", "MIG-7");
    EXPECT_EQ(
        judge(situation).findings.front().cause,
        "CUDA_VISIBLE_DEVICES is `MIG-7`: `MIG-7` is no id of a MIG device, and CUDA looks no "
        "further");
    situation.variables.set("CUDA_VISIBLE_DEVICES", "7,MIG-7");
    EXPECT_EQ(judge(situation).findings.front().cause,
              "CUDA_VISIBLE_DEVICES is `7,MIG-7`, which names no GPU that is here");
}

TEST(Verdict, AGpuThatIsDividedAndHasNoInstance) {
    Situation situation = with_driver({Outcome::no_device, "", 100, ""});
    situation.management = ManagementReport{0, {{0, "A100", "GPU-1", std::nullopt, true}}};
    EXPECT_EQ(words_of(situation),
              "failed: no GPU can be used; driver 580.65.06 runs CUDA up to 13.0\n"
              "  make a MIG instance (`nvidia-smi mig -cgi 0 -C`), or turn MIG off (`nvidia-smi "
              "-mig 0`)\n"
              "    GPU 0 (A100) is in MIG mode and has no instance\n");
}

TEST(Verdict, NvmlOfAnotherDriver) {
    Situation situation = with_driver({Outcome::no_device, "", 100, ""});
    situation.management = ManagementReport{18, {}};
    EXPECT_EQ(words_of(situation),
              "failed: no GPU can be used; driver 580.65.06 runs CUDA up to 13.0\n"
              "  restart this machine\n"
              "    the driver's libraries and the kernel's module are of different versions, as "
              "after an update: NVML 18\n");
}

TEST(Verdict, GpusThatMayNotBeOpened) {
    Situation situation = with_driver({Outcome::no_device, "", 100, ""});
    situation.kernel_gpus = {"GPU-1", "GPU-2"};
    EXPECT_EQ(words_of(situation),
              "failed: no GPU can be used; driver 580.65.06 runs CUDA up to 13.0\n"
              "  see who may open /dev/nvidia*; in a container, whether NVIDIA_VISIBLE_DEVICES "
              "names a GPU\n"
              "    the driver has 2 GPUs, and CUDA sees none\n");
}

TEST(Verdict, AKernelThatTheDriverDoesNotCompile) {
    const auto at_module = [](int code) {
        return words_of(
            with_gpus({{Outcome::cuda_error, "module", code, fmt::format("CUDA_ERROR_{}", code)}}));
    };
    const std::string summary =
        "failed: 0 of 1 GPU computed as it should; driver 580.65.06 runs CUDA up to 13.0\n";
    const std::string cause = "    the driver compiles nothing for GPU 0 (A100): CUDA_ERROR_";
    EXPECT_EQ(at_module(209), summary + "  install an NVIDIA driver that supports GPU 0 (A100)\n" +
                                  cause + "209 (209) at `module`\n");
    EXPECT_EQ(at_module(221), summary +
                                  "  give the container libnvidia-ptxjitcompiler.so.1 "
                                  "(NVIDIA_DRIVER_CAPABILITIES=compute,utility)\n" +
                                  cause + "221 (221) at `module`\n");
    EXPECT_EQ(at_module(222), summary +
                                  "  install a newer NVIDIA driver, or take an old "
                                  "libnvidia-ptxjitcompiler.so.1 out of LD_LIBRARY_PATH\n" +
                                  cause + "222 (222) at `module`\n");
    EXPECT_EQ(at_module(223),
              summary + "  unset CUDA_DISABLE_PTX_JIT\n" + cause + "223 (223) at `module`\n");
    EXPECT_EQ(at_module(203), summary + "  look for `NVRM` in the kernel's log (`dmesg`)\n" +
                                  cause + "203 (203) at `module`\n");
}

TEST(Verdict, AGpuThatComputesWrongly) {
    EXPECT_EQ(words_of(with_gpus({{}, {Outcome::wrong_result, "", 3, ""}})),
              "failed: 1 of 2 GPUs computed as they should; driver 580.65.06 runs CUDA up to 13.0\n"
              "  do not compute on GPU 1 (A100) until `dcgmi diag -r 3` passes\n"
              "    3 of 65536 words that it computed are wrong\n");
}

TEST(Verdict, AGpuThatFailsInTheKernel) {
    EXPECT_EQ(
        words_of(with_gpus({{Outcome::cuda_error, "synchronize", 719, "CUDA_ERROR_LAUNCH"}})),
        "failed: 0 of 1 GPU computed as it should; driver 580.65.06 runs CUDA up to 13.0\n"
        "  look for `NVRM: Xid` in the kernel's log (`dmesg`), which says what GPU 0 (A100) met\n"
        "    CUDA_ERROR_LAUNCH (719) at `synchronize`\n");
}

TEST(Verdict, AGpuThatIsBusyIsNoFailure) {
    EXPECT_EQ(words_of(with_gpus({{}, {Outcome::busy, "context", 46, ""}})),
              "passed: 1 of 2 GPUs computed as they should; driver 580.65.06 runs CUDA up to 13.0\n"
              "  note: GPU 1 (A100) was not tested: another process has it for itself\n");
    EXPECT_EQ(words_of(with_gpus({{Outcome::busy, "memory", 2, ""}})),
              "skipped: 0 of 1 GPU computed as it should; driver 580.65.06 runs CUDA up to 13.0\n"
              "  note: GPU 0 (A100) was not tested: another process has all of its memory\n");
}

TEST(Verdict, WhatDoesNotComeToItsEnd) {
    EXPECT_EQ(
        words_of(with_driver({Outcome::timed_out, "init", 0, "3000 ms"})),
        "failed: no GPU can be used; driver 580.65.06 runs CUDA up to 13.0\n"
        "  turn on persistence mode (`nvidia-smi -pm 1`), or allow more time (`envpm selftest "
        "--timeout 20`)\n"
        "    the driver gave no answer at `init` within 3000 ms\n");
    EXPECT_EQ(words_of(with_gpus({{Outcome::timed_out, "launch", 0, "3000 ms"}})),
              "failed: 0 of 1 GPU computed as it should; driver 580.65.06 runs CUDA up to 13.0\n"
              "  see with `nvidia-smi` what holds the GPU, or allow more time (`envpm selftest "
              "--timeout 20`)\n"
              "    GPU 0 (A100) gave no answer at `launch` within 3000 ms\n");
    EXPECT_EQ(words_of(with_driver({Outcome::crashed, "init", 6, "signal 6"})),
              "failed: no GPU can be used; driver 580.65.06 runs CUDA up to 13.0\n"
              "  install the NVIDIA driver anew, and look for `NVRM` in the kernel's log "
              "(`dmesg`)\n"
              "    the driver ended the test at `init`: signal 6\n");
    EXPECT_EQ(words_of(with_gpus({{Outcome::stuck, "context", 0, ""}})),
              "failed: 0 of 1 GPU computed as it should; driver 580.65.06 runs CUDA up to 13.0\n"
              "  restart this machine\n"
              "    the test of GPU 0 (A100) hangs at `context` and cannot be killed: it waits in "
              "the kernel\n");
}

TEST(Verdict, WithoutItsProbe) {
    Situation situation = with_driver({Outcome::no_probe, "", 2, "No such file or directory"});
    situation.probe.cuda.reset();
    EXPECT_EQ(words_of(situation),
              "failed: no GPU can be used\n"
              "  install envpm anew, with envpm-gpuprobe beside it\n"
              "    envpm-gpuprobe cannot be started: No such file or directory\n");
}

TEST(Verdict, AGpuThatTheLibrariesDoNotKnow) {
    Situation situation = with_gpus({{}});
    situation.probe.gpus[0].gpu = {0, "GTX 1080 Ti", "", ComputeCapability{6, 1}};
    situation.needs = cuda(13);
    EXPECT_EQ(
        words_of(situation),
        "failed: 1 of 1 GPU computed as it should; driver 580.65.06 runs CUDA up to 13.0\n"
        "  lock packages for CUDA 12, which know this GPU\n"
        "    GPU 0 (GTX 1080 Ti) has compute capability 6.1, and libraries for CUDA 13 (torch "
        "2.9.1+cu130) have no code for any below 7.5\n");
    situation.needs = cuda(12);
    EXPECT_EQ(judge(situation).status, Status::passed);
}

TEST(Verdict, AGpuThatTheLocksPyTorchHasNoCodeFor) {
    Situation situation = with_gpus({{}});
    situation.probe.gpus[0].gpu = {0, "V100", "", ComputeCapability{7, 0}};
    situation.needs = cuda(12);
    situation.needs.sass = {{7, 5}, {8, 0}};
    EXPECT_EQ(words_of(situation),
              "failed: 1 of 1 GPU computed as it should; driver 580.65.06 runs CUDA up to 13.0\n"
              "  declare this GPU in `[targets]` (`gpus = [\"7.0\"]`) and lock anew\n"
              "    GPU 0 (V100) has compute capability 7.0, and PyTorch has code for 7.5, 8.0\n");
    situation.needs.ptx = {{9, 0}};
    EXPECT_EQ(judge(situation).findings.at(0).cause,
              "GPU 0 (V100) has compute capability 7.0, and PyTorch has code for 7.5, 8.0, and PTX "
              "for 9.0");
    situation.needs.code_is_told = true;
    EXPECT_EQ(judge(situation).status, Status::passed);
    EXPECT_EQ(judge(situation).notes.at(0),
              "GPU 0 (V100) has compute capability 7.0, and PyTorch has code for 7.5, 8.0, and PTX "
              "for 9.0, as its recipe says");
    situation.needs.ptx = {{6, 0}};
    EXPECT_EQ(judge(situation).status, Status::passed);
    situation.needs.locked_least = ComputeCapability{7, 5};
    EXPECT_EQ(judge(situation).findings.at(0).cause,
              "GPU 0 (V100) has compute capability 7.0, and what is locked takes 7.5 or later");
}

TEST(Verdict, PtxThatTheDriverCannotCompile) {
    Situation situation = with_gpus({{}});
    situation.probe.gpus[0].gpu = {0, "RTX 5090", "", ComputeCapability{12, 0}};
    situation.needs = cuda(12);
    situation.needs.sass = {{8, 0}, {9, 0}};
    situation.needs.ptx = {{9, 0}};
    situation.needs.ptx_cuda = CudaVersion{13, 1};
    EXPECT_EQ(
        words_of(situation),
        "failed: 1 of 1 GPU computed as it should; driver 580.65.06 runs CUDA up to 13.0\n"
        "  install a driver that runs CUDA 13.1, or declare this one (`driver`) and lock anew\n"
        "    for GPU 0 (RTX 5090), of compute capability 12.0, PyTorch has only PTX of CUDA "
        "13.1, and the driver runs CUDA up to 13.0\n");
    situation.needs.ptx_cuda = CudaVersion{12, 8};
    EXPECT_EQ(judge(situation).status, Status::passed);
}

TEST(Verdict, ADriverThatIsOlderThanTheLockNeeds) {
    Situation situation = with_gpus({{}});
    situation.needs = cuda(13);
    situation.needs.least_driver = DriverVersion::parse("590.44");
    EXPECT_EQ(words_of(situation),
              "failed: 1 of 1 GPU computed as it should; driver 580.65.06 runs CUDA up to 13.0\n"
              "  install NVIDIA driver 590.44 or later\n"
              "    the driver here is 580.65.06, and the lock needs 590.44\n");
    situation.probe.library = "/usr/local/cuda/compat/libcuda.so.590.44";
    EXPECT_EQ(judge(situation).status, Status::passed) << "forward compatibility";
}

TEST(Verdict, ASecondMigDeviceIsLeftOut) {
    const std::string id = "MIG-8f3b6a10-0c1d-5e2f-9a3b-4c5d6e7f8091";
    Situation situation = with_gpus({{}});
    situation.variables.set("CUDA_VISIBLE_DEVICES", id + "," + id);
    EXPECT_EQ(judge(situation).notes,
              std::vector<std::string>({"CUDA_VISIBLE_DEVICES is `" + id + "," + id +
                                        "`: it names 2 MIG devices, and a process has one alone, "
                                        "the first; start a process for each"}));
}

TEST(Verdict, CompilersOfANewerMinorVersionThanTheDriversAreNamed) {
    Situation situation = with_gpus({{}});
    situation.needs = cuda(13);
    situation.needs.compiler = "nvidia-cuda-nvrtc 13.2.51";
    situation.needs.compiler_cuda = CudaVersion{13, 2};
    EXPECT_EQ(judge(situation).notes,
              std::vector<std::string>(
                  {"nvidia-cuda-nvrtc 13.2.51 compiles for CUDA 13.2, and the driver runs CUDA up "
                   "to 13.0: PTX that programs make as they run is refused (222); lock CUDA 13.0, "
                   "or install a newer driver"}));
    situation.probe.cuda = CudaVersion{13, 2};
    EXPECT_TRUE(judge(situation).notes.empty());
    situation.probe.cuda = CudaVersion{12, 8}; // a finding says so
    EXPECT_TRUE(judge(situation).notes.empty());
}

TEST(Verdict, VariablesThatChangeWhatCudaDoesAreNamed) {
    Situation situation = with_gpus({{}});
    situation.variables.set("CUDA_INJECTION64_PATH", "/opt/tool.so");
    situation.variables.set("CUDA_CACHE_PATH", "/tmp");
    EXPECT_EQ(judge(situation).notes,
              std::vector<std::string>({"CUDA_INJECTION64_PATH is `/opt/tool.so`"}));
    situation.variables.set("CUDA_VISIBLE_DEVICES", "0");
    EXPECT_EQ(judge(situation).notes.size(), 2U);
}

} // namespace

} // namespace envpm::selftest
