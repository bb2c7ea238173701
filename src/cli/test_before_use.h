#pragma once

#include "base/exit_code.h"
#include "base/variables.h"
#include "cli/session.h"
#include "model/gpu_policy.h"
#include "pipeline/selftest.h"

#include <filesystem>
#include <optional>

namespace envpm::cli {

/// A self-test before an environment is used, as the policy wants it.
struct ActivationTest {
    std::optional<pipeline::SelfTestReport> report = {}; ///< none: nothing was to be tested
    ExitCode code = ExitCode::done; ///< another one if the environment must not be used
};

/// Tests the GPUs with the environment's variables, as the flag says if there is one. Throws
/// nothing that comes of the GPUs.
ActivationTest test_before_use(const Session& session, const pipeline::Project& project,
                               const std::filesystem::path& prefix, const Variables& variables,
                               std::optional<CheckPolicy> flag);

/// Says so if it failed, or if the machine has libraries of the environment too; else nothing.
void tell_failure(const Session& session, const ActivationTest& test);

} // namespace envpm::cli
