#include "installing/audit_lock.h"

#include "gpu/binary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace envpm::installing {

namespace {

/// What of the lock a file does not hold.
struct Lack {
    std::vector<std::string> nothing; ///< GPUs that it has no code for at all
    std::vector<std::string> ptx;     ///< that it has PTX alone for
};

bool is_counted(const CodeReport& file, const std::vector<std::string>& allowed);
Lack lack_of(const gpu::BinaryCode& code, const LockedGpu& locked);

} // namespace

std::vector<gpu::Finding> less_than_locked(const std::vector<CodeReport>& code,
                                           const LockedGpu& locked,
                                           const std::vector<std::string>& allowed) {
    std::vector<gpu::Finding> findings;
    for (const CodeReport& file : code) {
        if (!is_counted(file, allowed)) {
            continue;
        }
        const Lack lack = lack_of(file.code, locked);
        std::vector<std::string> parts;
        if (!lack.nothing.empty()) {
            parts.push_back(fmt::format("nothing for {}", fmt::join(lack.nothing, ", ")));
        }
        if (!lack.ptx.empty()) {
            parts.push_back(fmt::format("only PTX for {}", fmt::join(lack.ptx, ", ")));
        }
        if (!parts.empty()) {
            findings.push_back(
                {gpu::Severity::warning, gpu::Rule::less_than_locked, file.path, file.package,
                 fmt::format("the lock names compute capabilities for which its device code has {}",
                             fmt::join(parts, " and ")),
                 "trust the file: declare the GPUs that are used in `gpus` of the target, and use "
                 "a newer `[gpu] facts`"});
        }
    }
    return findings;
}

namespace {

/// PyTorch's kernels, and the libraries that every model computes with. What else has device code
/// is for the GPUs of its own makers' choice, and the lock says nothing of it. Code for single GPUs
/// and families has alternatives in other files.
bool is_counted(const CodeReport& file, const std::vector<std::string>& allowed) {
    constexpr std::string_view stems[] = {"libtorch_cuda", "libcudnn_ops", "libcublas"};
    const std::string name = file.path.substr(file.path.rfind('/') + 1);
    const bool is_known =
        std::find(std::begin(stems), std::end(stems), gpu::stem_of(name)) != std::end(stems);
    return is_known && !file.code.is_special() &&
           std::find(allowed.begin(), allowed.end(), name) == allowed.end();
}

Lack lack_of(const gpu::BinaryCode& code, const LockedGpu& locked) {
    Lack lack;
    for (const ComputeCapability& gpu : locked.gpus) {
        if (locked.least_gpu && gpu < *locked.least_gpu) {
            continue;
        }
        const gpu::CodeCoverage coverage = code.coverage(gpu);
        const bool misses = code.is_homogeneous() && coverage.missed > 0;
        if (misses || coverage.runnable + coverage.jit == 0) {
            lack.nothing.push_back(gpu.text());
        } else if (code.is_homogeneous() && coverage.runnable == 0) {
            lack.ptx.push_back(gpu.text());
        }
    }
    return lack;
}

} // namespace

} // namespace envpm::installing
