#pragma once

#include "base/exit_code.h"
#include "base/variables.h"
#include "cli/session.h"
#include "installing/selftest.h"
#include "model/gpu_policy.h"

#include <filesystem>
#include <optional>

namespace envpm::cli {

/// A self-test before an environment is used, as the policy wants it.
struct ActivationTest {
    std::optional<installing::SelfTestReport> report = {}; ///< none: nothing was to be tested
    ExitCode code = ExitCode::done; ///< another one if the environment must not be used
};

/// Before work is done, a machine without the GPUs that the target declares fails under `strict`;
/// an install may be made where there are none.
enum class TestOccasion { install, use };

/// An environment that is tested.
struct TestSubject {
    const std::filesystem::path& prefix;
    const Variables& variables; ///< those of the environment
    TestOccasion occasion = TestOccasion::use;
};

/// Tests the GPUs, as the flag says if there is one. Throws nothing that comes of the GPUs.
ActivationTest test_before_use(const Session& session, const project::Project& project,
                               const TestSubject& subject, std::optional<CheckPolicy> flag);

/// Says so if it failed, or if the machine has libraries of the environment too; else nothing.
void tell_failure(const Session& session, const ActivationTest& test);

} // namespace envpm::cli
