#pragma once

#include "cli/session.h"
#include "model/gpu_policy.h"

#include <optional>

namespace envpm::cli {

// What a failed self-test, or an audit with an error, means for a command: its flag says, else a
// variable, else the manifest.

/// By the flag or the variable; nothing if neither is there. An Error (code 2) names a variable
/// that is no policy.
std::optional<CheckPolicy> policy_of(const Session& session, std::optional<CheckPolicy> flag,
                                     const char* variable);

/// Throws the Error of policy_of if a variable is no policy, and no flag of the command stands over
/// it. Commands that install call it first: the Error would come later anyway, and their work would
/// be in vain.
void check_policies(const Session& session, std::optional<CheckPolicy> self_test = {},
                    std::optional<CheckPolicy> audit = {});

} // namespace envpm::cli
