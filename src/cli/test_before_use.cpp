#include "cli/test_before_use.h"

#include "cli/output.h"
#include "cli/policies.h"
#include "cli/render_selftest.h"

#include <utility>

namespace envpm::cli {

namespace {

using selftest::Status;

CheckPolicy policy_before_use(const Session& session, const project::Project& project,
                              std::optional<CheckPolicy> flag);

} // namespace

ActivationTest test_before_use(const Session& session, const project::Project& project,
                               const TestSubject& subject, std::optional<CheckPolicy> flag) {
    const CheckPolicy policy = policy_before_use(session, project, flag);
    if (policy == CheckPolicy::off) {
        return {};
    }
    ActivationTest test;
    test.report = installing::self_test_of_prefix(
        {.project = project, .target = session.global.target, .variables = subject.variables},
        subject.prefix, session.services);
    if (test.report && policy == CheckPolicy::strict && subject.occasion == TestOccasion::use) {
        test.report = installing::with_gpus_required(std::move(*test.report));
    }
    const bool has_failed = test.report && test.report->verdict.status == Status::failed;
    if (has_failed && policy == CheckPolicy::strict) {
        test.code = ExitCode::self_test_failed;
    }
    return test;
}

void tell_failure(const Session& session, const ActivationTest& test) {
    if (!test.report ||
        (test.report->verdict.status != Status::failed && !test.report->has_doubles)) {
        return;
    }
    const std::string words = words_of(*test.report, session.terminal);
    if (test.code == ExitCode::done) {
        tell(session, words);
    } else {
        tell_error(words);
    }
}

namespace {

CheckPolicy policy_before_use(const Session& session, const project::Project& project,
                              std::optional<CheckPolicy> flag) {
    const auto policy = policy_of(session, flag, "ENVPM_SELF_TEST");
    return policy ? *policy : project::read_manifest(project).gpu.self_test;
}

} // namespace

} // namespace envpm::cli
