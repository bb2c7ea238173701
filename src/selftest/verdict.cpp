#include "selftest/verdict.h"

#include "selftest/remedies.h"
#include "selftest/visible_devices.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::selftest {

namespace {

constexpr int stub_library = 34; // CUDA_ERROR_STUB_LIBRARY

std::optional<std::string> reason_to_skip(const Situation& situation);
bool has_kernel_driver(const Situation& situation);
bool is_stub(const Situation& situation);
bool is_older_than_locked(const Situation& situation);
void judge_driver(const Situation& situation, Verdict& verdict);
void judge_gpus(const Situation& situation, Verdict& verdict);
void judge_code(const ProbedGpu& gpu, const Situation& situation, Verdict& verdict);
void add_notes(const Situation& situation, Verdict& verdict);
void note_compiler(const Situation& situation, Verdict& verdict);
std::string note_of(std::string_view variable, const std::string& value);
bool is_named(const Verdict& verdict, std::string_view variable);
std::string summary_of(const Situation& situation);
std::string needs_in_words(const Needs& needs);

} // namespace

Verdict judge(const Situation& situation) {
    Verdict verdict;
    if (auto reason = reason_to_skip(situation)) {
        verdict.status = Status::skipped;
        verdict.summary = *reason + needs_in_words(situation.needs);
        return verdict;
    }
    judge_driver(situation, verdict);
    judge_gpus(situation, verdict);
    add_notes(situation, verdict);
    verdict.status = verdict.findings.empty() ? Status::passed : Status::failed;
    verdict.summary = summary_of(situation);
    const bool has_passed_one =
        std::any_of(situation.probe.gpus.begin(), situation.probe.gpus.end(),
                    [](const auto& gpu) { return gpu.ending.outcome == Outcome::passed; });
    if (verdict.status == Status::passed && !has_passed_one) {
        verdict.status = Status::skipped; // all of them are busy
    }
    return verdict;
}

namespace {

/// A machine that has no GPU to test, as a laptop or the login node of a cluster.
std::optional<std::string> reason_to_skip(const Situation& situation) {
    const Ending& driver = situation.probe.driver;
    // The loader says so of the library itself if that is what it did not find.
    const bool is_absent = driver.outcome == Outcome::no_library &&
                           (driver.detail.empty() || driver.detail.starts_with("libcuda.so.1: "
                                                                               "cannot open"));
    if ((is_absent || is_stub(situation)) && !has_kernel_driver(situation)) {
        return is_absent ? "no NVIDIA driver on this machine"
                         : fmt::format("no NVIDIA driver on this machine, only its stub `{}`",
                                       situation.probe.library);
    }
    const bool is_hidden = situation.variables.all().contains("CUDA_VISIBLE_DEVICES");
    const bool is_known = situation.management && (!situation.management->gpus.empty() ||
                                                   situation.management->is_of_another_driver());
    if (driver.outcome == Outcome::no_device && !is_hidden && !is_known &&
        situation.kernel_gpus.empty() && !situation.is_wsl) {
        return "an NVIDIA driver, but no GPU on this machine";
    }
    return std::nullopt;
}

bool has_kernel_driver(const Situation& situation) {
    return !situation.kernel_driver.empty() || situation.is_wsl;
}

bool is_stub(const Situation& situation) {
    return situation.probe.driver.outcome == Outcome::cuda_error &&
           situation.probe.driver.code == stub_library;
}

/// The lock's least driver is one of Linux's. It means nothing under WSL, and for a library of
/// another driver than the kernel's: forward compatibility.
bool is_older_than_locked(const Situation& situation) {
    const auto here = DriverVersion::parse(situation.kernel_driver);
    const auto& least = situation.needs.least_driver;
    return here && least && *here < *least && !situation.is_wsl &&
           situation.probe.library.ends_with("." + situation.kernel_driver);
}

void judge_driver(const Situation& situation, Verdict& verdict) {
    switch (situation.probe.driver.outcome) {
    case Outcome::passed:
        break;
    case Outcome::no_library:
        verdict.findings.push_back(finding_of_absent_library(situation));
        break;
    case Outcome::no_device:
        verdict.findings.push_back(finding_of_no_gpu(situation));
        break;
    default:
        verdict.findings.push_back(is_stub(situation) ? finding_of_stub(situation)
                                                      : finding_of_driver(situation));
    }
    const std::optional<CudaVersion> least = situation.needs.least_cuda();
    if (situation.probe.cuda && least && *situation.probe.cuda < *least) {
        verdict.findings.push_back(finding_of_old_driver(situation));
    } else if (is_older_than_locked(situation)) {
        verdict.findings.push_back(finding_of_driver_below_lock(situation));
    }
}

void judge_gpus(const Situation& situation, Verdict& verdict) {
    for (const TestedGpu& tested : situation.probe.gpus) {
        if (tested.ending.outcome == Outcome::busy) {
            verdict.notes.push_back(fmt::format(
                "{} was not tested: another process has {}", name_of(tested.gpu),
                tested.ending.stage == stages::memory ? "all of its memory" : "it for itself"));
        } else if (tested.ending.outcome != Outcome::passed) {
            verdict.findings.push_back(finding_of_gpu(tested, situation));
        }
        if (tested.gpu.capability) {
            judge_code(tested.gpu, situation, verdict);
        }
    }
}

/// Of a GPU whose capability is known: whether what is locked has code for it.
void judge_code(const ProbedGpu& gpu, const Situation& situation, Verdict& verdict) {
    const Needs& needs = situation.needs;
    const CodeFit fit = needs.fit(*gpu.capability, situation.probe.cuda);
    const auto add = [&](Finding finding) {
        if (needs.code_is_told) {
            verdict.notes.push_back(finding.cause + ", as its recipe says");
        } else {
            verdict.findings.push_back(std::move(finding));
        }
    };
    if (needs.least_capability && *gpu.capability < *needs.least_capability) {
        verdict.findings.push_back(finding_of_old_gpu(gpu, needs));
    } else if (needs.locked_least && *gpu.capability < *needs.locked_least) {
        verdict.findings.push_back(finding_of_gpu_without_code(gpu, needs));
    } else if (fit == CodeFit::none) {
        add(finding_of_gpu_without_code(gpu, needs));
    } else if (fit == CodeFit::newer_driver) {
        add(finding_of_ptx_too_new(gpu, situation));
    }
}

/// Variables that change what CUDA does; a list of DCGM's, and those that hide GPUs or kernels.
void add_notes(const Situation& situation, Verdict& verdict) {
    constexpr std::string_view names[] = {
        "CUDA_AUTO_BOOST",       "CUDA_COREDUMP_FILE",
        "CUDA_DISABLE_PTX_JIT",  "CUDA_DEVICE_WAITS_ON_EXCEPTION",
        "CUDA_FORCE_PTX_JIT",    "CUDA_ENABLE_COREDUMP_ON_EXCEPTION",
        "CUDA_INJECTION32_PATH", "CUDA_INJECTION64_PATH",
        "CUDA_LAUNCH_BLOCKING",  "CUDA_PROFILE",
        "CUDA_VISIBLE_DEVICES",  "COMPUTE_PROFILE",
        "NSIGHT_CUDA_DEBUGGER",
    };
    for (const std::string_view name : names) {
        const auto found = situation.variables.all().find(name);
        if (found != situation.variables.all().end() && !is_named(verdict, name)) {
            verdict.notes.push_back(note_of(name, found->second));
        }
    }
    const std::string& library = situation.probe.library;
    if (situation.is_wsl && !library.empty() && !library.starts_with("/usr/lib/wsl/")) {
        verdict.notes.push_back(fmt::format(
            "this is WSL, and `{}` is not its driver: a Linux driver installed here hides that of "
            "Windows",
            library));
    }
    note_compiler(situation, verdict);
}

/// The probe's PTX is old enough for any driver; what a program compiles has the version of its own
/// toolkit. Of a driver of an earlier major there is a finding already.
void note_compiler(const Situation& situation, Verdict& verdict) {
    const auto& compiler = situation.needs.compiler_cuda;
    const auto& driver = situation.probe.cuda;
    if (compiler && driver && *driver < *compiler && driver->major == compiler->major) {
        verdict.notes.push_back(fmt::format(
            "{} compiles for CUDA {}, and the driver runs CUDA up to {}: PTX that programs make "
            "as they run is refused (222); lock CUDA {}, or install a newer driver",
            situation.needs.compiler, compiler->text(), driver->text(), driver->text()));
    }
}

std::string note_of(std::string_view variable, const std::string& value) {
    std::string note = fmt::format("{} is `{}`", variable, value);
    if (variable == "CUDA_VISIBLE_DEVICES") {
        const VisibleDevices odd = read_visible_devices(value);
        if (!odd.unreadable.empty()) {
            note += fmt::format(": {}, and CUDA looks no further", odd.unreadable);
        } else if (!odd.left_out.empty()) {
            note += fmt::format(": it {}", odd.left_out);
        }
        note += odd.remedy.empty() ? "" : "; " + odd.remedy;
    }
    return note;
}

/// A finding that speaks of it needs no note.
bool is_named(const Verdict& verdict, std::string_view variable) {
    return std::any_of(
        verdict.findings.begin(), verdict.findings.end(),
        [&](const Finding& finding) { return finding.remedy.find(variable) != std::string::npos; });
}

std::string summary_of(const Situation& situation) {
    const ProbeReport& probe = situation.probe;
    std::string driver = situation.kernel_driver.empty() || situation.is_wsl
                             ? std::string("the driver")
                             : fmt::format("driver {}", situation.kernel_driver);
    driver += probe.cuda ? fmt::format(" runs CUDA up to {}", probe.cuda->text())
                         : std::string(" does not tell its CUDA version");
    if (probe.gpus.empty()) {
        return "no GPU can be used" + (probe.cuda ? "; " + driver : std::string());
    }
    const auto passed =
        std::count_if(probe.gpus.begin(), probe.gpus.end(),
                      [](const TestedGpu& gpu) { return gpu.ending.outcome == Outcome::passed; });
    return fmt::format("{} of {} GPU{} computed as {} should; {}", passed, probe.gpus.size(),
                       probe.gpus.size() == 1 ? "" : "s", probe.gpus.size() == 1 ? "it" : "they",
                       driver);
}

std::string needs_in_words(const Needs& needs) {
    return !needs.least_driver ? std::string()
                               : fmt::format("; {} needs driver {} or later", needs.package,
                                             needs.least_driver->text());
}

} // namespace

} // namespace envpm::selftest
