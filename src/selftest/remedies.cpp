#include "selftest/remedies.h"

#include "selftest/visible_devices.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::selftest {

namespace {

std::string library_of(const Situation& situation);
std::string error_of(const Ending& ending);
std::string in_words(const std::vector<ComputeCapability>& capabilities);
Finding finding_of_code(const Situation& situation);
Finding finding_of_abnormal_end(const Ending& ending, const std::string& who);
Finding finding_of_module(const Ending& ending, const std::string& who);

} // namespace

Finding finding_of_absent_library(const Situation& situation) {
    const std::string& detail = situation.probe.driver.detail;
    if (situation.is_wsl) {
        return {"install the NVIDIA driver for Windows, then run `wsl --shutdown` there",
                "this is WSL, and /usr/lib/wsl/lib has no libcuda.so.1"};
    }
    if (situation.kernel_driver.empty()) {
        return {"install the NVIDIA driver anew", "libcuda.so.1 cannot be loaded: " + detail};
    }
    return {"start the container with its GPUs (`docker run --gpus all`), or install the driver's "
            "libraries of the same version",
            fmt::format("the kernel has NVIDIA driver {}, but there is no libcuda.so.1 here: {}",
                        situation.kernel_driver, detail)};
}

Finding finding_of_stub(const Situation& situation) {
    return {"take the folder `stubs` out of LD_LIBRARY_PATH",
            fmt::format("{} is the stub that programs are linked with, no driver",
                        library_of(situation))};
}

Finding finding_of_no_gpu(const Situation& situation) {
    const auto& variables = situation.variables.all();
    if (const auto hiding = variables.find("CUDA_VISIBLE_DEVICES"); hiding != variables.end()) {
        if (const VisibleDevices odd = read_visible_devices(hiding->second); odd.hides_all) {
            return {odd.remedy + ", or unset CUDA_VISIBLE_DEVICES",
                    fmt::format("CUDA_VISIBLE_DEVICES is `{}`: {}, and CUDA looks no further",
                                hiding->second, odd.unreadable)};
        }
        const std::string cause =
            hiding->second.empty()
                ? std::string("CUDA_VISIBLE_DEVICES is empty, which hides every GPU")
                : fmt::format("CUDA_VISIBLE_DEVICES is `{}`, which names no GPU that is here",
                              hiding->second);
        return {"unset CUDA_VISIBLE_DEVICES, or name a GPU that `nvidia-smi -L` lists", cause};
    }
    if (situation.management && situation.management->is_of_another_driver()) {
        return {"restart this machine",
                "the driver's libraries and the kernel's module are of different versions, as "
                "after an update: NVML 18"};
    }
    const std::vector<ProbedGpu> known =
        situation.management ? situation.management->gpus : std::vector<ProbedGpu>();
    const auto divided = std::find_if(known.begin(), known.end(),
                                      [](const ProbedGpu& gpu) { return gpu.is_divided; });
    if (divided != known.end()) {
        return {"make a MIG instance (`nvidia-smi mig -cgi 0 -C`), or turn MIG off "
                "(`nvidia-smi -mig 0`)",
                fmt::format("{} is in MIG mode and has no instance", name_of(*divided))};
    }
    const std::size_t count = std::max(known.size(), situation.kernel_gpus.size());
    return {
        "see who may open /dev/nvidia*; in a container, whether NVIDIA_VISIBLE_DEVICES names a "
        "GPU",
        fmt::format("the driver has {} GPU{}, and CUDA sees none", count, count == 1 ? "" : "s")};
}

Finding finding_of_driver(const Situation& situation) {
    const Ending& driver = situation.probe.driver;
    switch (driver.outcome) {
    case Outcome::no_symbol:
        return {"install a newer NVIDIA driver",
                fmt::format("{} has no `{}`", library_of(situation), driver.detail)};
    case Outcome::no_probe:
        return {"install envpm anew, with envpm-gpuprobe beside it",
                fmt::format("envpm-gpuprobe cannot be started: {}", driver.detail)};
    case Outcome::cuda_error:
        return finding_of_code(situation);
    default:
        return finding_of_abnormal_end(driver, "the driver");
    }
}

Finding finding_of_old_driver(const Situation& situation) {
    const Needs& needs = situation.needs;
    const std::string version =
        situation.kernel_driver.empty() || situation.is_wsl ? "" : " " + situation.kernel_driver;
    const std::string cause =
        fmt::format("the driver{} runs CUDA up to {}, and {} is built for CUDA {}", version,
                    situation.probe.cuda->text(), needs.package, *needs.cuda_major);
    if (situation.is_wsl || !needs.least_driver) {
        return {fmt::format("install a newer NVIDIA driver{}, one for CUDA {} or later",
                            situation.is_wsl ? " for Windows" : "", needs.least_cuda()->text()),
                cause};
    }
    return {fmt::format("install NVIDIA driver {} or later, or lock packages for CUDA {}",
                        needs.least_driver->text(), situation.probe.cuda->major),
            cause};
}

Finding finding_of_driver_below_lock(const Situation& situation) {
    return {fmt::format("install NVIDIA driver {} or later", situation.needs.least_driver->text()),
            fmt::format("the driver here is {}, and the lock needs {}", situation.kernel_driver,
                        situation.needs.least_driver->text())};
}

Finding finding_of_gpu(const TestedGpu& tested, const Situation& situation) {
    const std::string who = name_of(tested.gpu);
    const Ending& ending = tested.ending;
    if (ending.outcome == Outcome::wrong_result) {
        return {fmt::format("do not compute on {} until `dcgmi diag -r 3` passes", who),
                fmt::format("{} of 65536 words that it computed are wrong", ending.code)};
    }
    if (ending.outcome == Outcome::no_device) {
        return finding_of_no_gpu(situation); // it went away between two processes
    }
    if (ending.outcome != Outcome::cuda_error) {
        return finding_of_abnormal_end(ending, who);
    }
    if (ending.stage == stages::module) {
        return finding_of_module(ending, who);
    }
    return {fmt::format("look for `NVRM: Xid` in the kernel's log (`dmesg`), which says what {} "
                        "met",
                        who),
            error_of(ending)};
}

Finding finding_of_old_gpu(const ProbedGpu& gpu, const Needs& needs) {
    const std::optional<int> newest = needs.newest_cuda_for(*gpu.capability);
    return {newest ? fmt::format("lock packages for CUDA {}, which know this GPU", *newest)
                   : std::string("use another GPU, or packages without CUDA"),
            fmt::format("{} has compute capability {}, and libraries for CUDA {} ({}) have no code "
                        "for any below {}",
                        name_of(gpu), gpu.capability->text(), *needs.cuda_major, needs.package,
                        needs.least_capability->text())};
}

Finding finding_of_gpu_without_code(const ProbedGpu& gpu, const Needs& needs) {
    const std::string hint =
        fmt::format("declare this GPU in `[targets]` (`gpus = [\"{}\"]`) and lock anew",
                    gpu.capability->text());
    if (needs.locked_least && *gpu.capability < *needs.locked_least) {
        return {hint,
                fmt::format("{} has compute capability {}, and what is locked takes {} or "
                            "later",
                            name_of(gpu), gpu.capability->text(), needs.locked_least->text())};
    }
    const std::string ptx =
        needs.ptx.empty() ? std::string() : fmt::format(", and PTX for {}", in_words(needs.ptx));
    return {hint, fmt::format("{} has compute capability {}, and PyTorch has code for {}{}",
                              name_of(gpu), gpu.capability->text(), in_words(needs.sass), ptx)};
}

Finding finding_of_ptx_too_new(const ProbedGpu& gpu, const Situation& situation) {
    const Needs& needs = situation.needs;
    return {fmt::format("install a driver that runs CUDA {}, or declare this one (`driver`) and "
                        "lock anew",
                        needs.ptx_cuda->text()),
            fmt::format("for {}, of compute capability {}, PyTorch has only PTX of CUDA {}, and "
                        "the driver runs CUDA up to {}",
                        name_of(gpu), gpu.capability->text(), needs.ptx_cuda->text(),
                        situation.probe.cuda->text())};
}

std::string name_of(const ProbedGpu& gpu) {
    return gpu.name.empty() ? fmt::format("GPU {}", gpu.index)
                            : fmt::format("GPU {} ({})", gpu.index, gpu.name);
}

namespace {

/// cuInit, or what comes before it.
Finding finding_of_code(const Situation& situation) {
    const Ending& ending = situation.probe.driver;
    const std::string why = error_of(ending);
    switch (ending.code) {
    case 101: // CUDA_ERROR_INVALID_DEVICE
        return finding_of_no_gpu(situation);
    case 802: // CUDA_ERROR_SYSTEM_NOT_READY
        return {"start the fabric manager (`systemctl start nvidia-fabricmanager`)",
                "this machine's NVSwitch is not set up: " + why};
    case 803: // CUDA_ERROR_SYSTEM_DRIVER_MISMATCH
        return {"restart this machine, or load the kernel's module that fits the libraries",
                fmt::format("the kernel's driver{} and {} are of different versions, as after an "
                            "update: {}",
                            situation.kernel_driver.empty() ? "" : " " + situation.kernel_driver,
                            library_of(situation), why)};
    case 804: // CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE
        return {fmt::format("take the folder of {} out of LD_LIBRARY_PATH", library_of(situation)),
                fmt::format("{} is a driver library for forward compatibility, which data-centre "
                            "GPUs alone have: {}",
                            library_of(situation), why)};
    case 999: // CUDA_ERROR_UNKNOWN
        return {"load the kernel's modules anew (`modprobe -r nvidia_uvm && modprobe nvidia_uvm`), "
                "or restart",
                "the driver does not start: " + why};
    default:
        return {"look for `NVRM` in the kernel's log (`dmesg`)",
                "the driver does not start: " + why};
    }
}

/// Every driver of today compiles the probe's PTX; where it does not, something is missing.
Finding finding_of_module(const Ending& ending, const std::string& who) {
    const std::string why =
        fmt::format("the driver compiles nothing for {}: {}", who, error_of(ending));
    switch (ending.code) {
    case 221: // CUDA_ERROR_JIT_COMPILER_NOT_FOUND
        return {"give the container libnvidia-ptxjitcompiler.so.1 "
                "(NVIDIA_DRIVER_CAPABILITIES=compute,utility)",
                why};
    case 223: // CUDA_ERROR_JIT_COMPILATION_DISABLED
        return {"unset CUDA_DISABLE_PTX_JIT", why};
    case 222: // CUDA_ERROR_UNSUPPORTED_PTX_VERSION
        return {"install a newer NVIDIA driver, or take an old libnvidia-ptxjitcompiler.so.1 out "
                "of LD_LIBRARY_PATH",
                why};
    case 209: // CUDA_ERROR_NO_BINARY_FOR_GPU
        return {fmt::format("install an NVIDIA driver that supports {}", who), why};
    default:
        return {"look for `NVRM` in the kernel's log (`dmesg`)", why};
    }
}

Finding finding_of_abnormal_end(const Ending& ending, const std::string& who) {
    const std::string at =
        ending.stage.empty() ? "at its start" : fmt::format("at `{}`", ending.stage);
    switch (ending.outcome) {
    case Outcome::timed_out:
        return {ending.stage == stages::init
                    ? "turn on persistence mode (`nvidia-smi -pm 1`), or allow more time "
                      "(`envpm selftest --timeout 20`)"
                    : "see with `nvidia-smi` what holds the GPU, or allow more time "
                      "(`envpm selftest --timeout 20`)",
                fmt::format("{} gave no answer {}{}", who, at,
                            ending.detail.empty() ? "" : " within " + ending.detail)};
    case Outcome::stuck:
        return {"restart this machine",
                fmt::format("the test of {} hangs {} and cannot be killed: it waits in the kernel",
                            who, at)};
    default:
        return {"install the NVIDIA driver anew, and look for `NVRM` in the kernel's log (`dmesg`)",
                fmt::format("{} ended the test {}: {}", who, at, ending.detail)};
    }
}

std::string in_words(const std::vector<ComputeCapability>& capabilities) {
    std::string text;
    for (const ComputeCapability& capability : capabilities) {
        text += (text.empty() ? "" : ", ") + capability.text();
    }
    return text.empty() ? std::string("none") : text;
}

std::string error_of(const Ending& ending) {
    return fmt::format("{} ({}) at `{}`",
                       ending.detail.empty() ? std::string("CUDA error") : ending.detail,
                       ending.code, ending.stage);
}

std::string library_of(const Situation& situation) {
    const std::string& path = situation.probe.library;
    return path.empty() ? std::string("libcuda.so.1") : fmt::format("`{}`", path);
}

} // namespace

} // namespace envpm::selftest
