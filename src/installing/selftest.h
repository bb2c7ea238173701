#pragma once

#include "host/gpu_files.h"
#include "model/gpu_policy.h"
#include "project/project.h"
#include "project/services.h"
#include "selftest/verdict.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::installing {

/// "warn", "strict", "off".
std::optional<CheckPolicy> parse_check_policy(std::string_view text);

enum class SelfTestMemory {
    use,   ///< a success that is remembered counts
    renew, ///< --recheck
};

struct SelfTestRequest {
    std::optional<project::Project> project; ///< its lock says what is needed; none: nothing is
    std::optional<std::string> target;       ///< --target
    Variables variables;                     ///< those of the environment
    std::chrono::milliseconds time_limit{3000};
    SelfTestMemory memory = SelfTestMemory::use;
    std::filesystem::path probe{}; ///< empty: as gpu_probe finds it
    host::MachineFolders folders{};
    std::filesystem::path loader_configuration = "/etc/ld.so.conf";
};

/// What the self-test found, for `cli` to tell.
struct SelfTestReport {
    selftest::Verdict verdict;
    selftest::Situation situation;
    bool was_remembered = false;
    /// Whether a note is there that should be told though all is well: the loader's configuration
    /// has libraries of the environment too. False for a success that is remembered: once is
    /// enough.
    bool has_doubles = false;
    std::string gpu_target = {}; ///< the lock's target, if it declares GPUs
    double seconds = 0;
};

/// What was skipped has failed, if its target declares GPUs: for who must have them.
SelfTestReport with_gpus_required(SelfTestReport report);

/// The lock's needs, the machine's files, what is remembered; else the probe, and NVML if CUDA sees
/// no GPU: then the verdict. Successes are remembered. Never hangs: at most the limit and two
/// seconds.
SelfTestReport self_test(const SelfTestRequest& request, project::Services& services);

/// The same before an environment is used. Nothing if no package of it uses CUDA, or if `prefix`,
/// the one to be used, is not the lock's. A failure to test is a verdict too: it throws nothing.
/// Libraries of the environment that LD_LIBRARY_PATH or LD_PRELOAD hides make it fail as well, as
/// far as an audit has kept what there is (installing/own_libraries.h): what was tested is not what
/// would run. It costs a look into the folders of those variables, and one at each CUDA library in
/// those of the loader's configuration.
std::optional<SelfTestReport> self_test_of_prefix(const SelfTestRequest& request,
                                                  const std::filesystem::path& prefix,
                                                  project::Services& services);

/// envpm-gpuprobe: beside the program that runs, else in `../libexec/envpm`; the first even if
/// neither is there.
std::filesystem::path gpu_probe();

} // namespace envpm::installing
