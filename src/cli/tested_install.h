#pragma once

#include "base/exit_code.h"
#include "base/json.h"
#include "cli/session.h"
#include "cli/test_before_use.h"
#include "installing/install.h"
#include "model/gpu_policy.h"

#include <optional>

namespace envpm::cli {

/// An install and the self-test of what it made.
struct Installed {
    installing::InstallReport report;
    ActivationTest test = {};
    ExitCode code = ExitCode::done; ///< of the command
};

/// What was current already is not tested: it is again before it is used.
Installed install_and_test(const Session& session, installing::InstallRequest request,
                           std::optional<CheckPolicy> self_test = {});

/// What cannot be solved is an error.
void tell_install(const Session& session, const installing::InstallReport& report);

/// That, and what the test found.
void tell_installed(const Session& session, const Installed& installed);
Json json_of(const Installed& installed);

} // namespace envpm::cli
