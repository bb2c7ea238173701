#include "cli/policies.h"

#include "base/error.h"
#include "installing/selftest.h"

namespace envpm::cli {

std::optional<CheckPolicy> policy_of(const Session& session, std::optional<CheckPolicy> flag,
                                     const char* variable) {
    if (flag) {
        return flag;
    }
    const auto value = session.services.variables().find(variable);
    if (!value) {
        return std::nullopt;
    }
    const auto policy = installing::parse_check_policy(*value);
    if (!policy) {
        throw Error({"`" + *value + "` is no policy", variable,
                     "set it to `warn`, `strict` or `off`, or unset it"},
                    ExitCode::usage);
    }
    return policy;
}

void check_policies(const Session& session, std::optional<CheckPolicy> self_test,
                    std::optional<CheckPolicy> audit) {
    (void)policy_of(session, self_test, "ENVPM_SELF_TEST");
    (void)policy_of(session, audit, "ENVPM_AUDIT");
}

} // namespace envpm::cli
