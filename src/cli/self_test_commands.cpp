#include "base/error.h"
#include "cli/render.h"
#include "cli/session.h"

#include <cstdio>

namespace envpm::cli {

namespace {

using selftest::Status;

/// By the flag, which is checked already, the variable, or the manifest.
SelfTestPolicy policy_before_use(const Session& session, const pipeline::Project& project);

} // namespace

ExitCode run_selftest(const Session& session) {
    const Arguments& arguments = session.arguments;
    const SelfTestPolicy policy =
        arguments.self_test ? pipeline::parse_self_test_policy(*arguments.self_test).value()
                            : SelfTestPolicy::strict;
    if (policy == SelfTestPolicy::off) {
        return ExitCode::done;
    }
    pipeline::SelfTestRequest request{.project = project_if_any(session),
                                      .target = arguments.global.target,
                                      .variables = session.services.variables()};
    request.memory =
        arguments.recheck ? pipeline::SelfTestMemory::renew : pipeline::SelfTestMemory::use;
    if (arguments.time_limit) {
        request.time_limit = *arguments.time_limit;
    }
    const pipeline::SelfTestReport report = pipeline::self_test(request, session.services);
    show(arguments.global.is_json ? document(json_of(report))
                                  : gpu_words(report) + words_of(report, session.terminal));
    const bool has_failed = report.verdict.status == Status::failed;
    return has_failed && policy == SelfTestPolicy::strict ? ExitCode::self_test_failed
                                                          : ExitCode::done;
}

ExitCode run_doctor(const Session& session) {
    const Arguments& arguments = session.arguments;
    pipeline::DoctorRequest request{
        .project = pipeline::find_project_if_any(arguments.global.manifest_path, session.start),
        .target = arguments.global.target,
        .variables = session.services.variables(),
        .settings_error = session.settings_error};
    if (arguments.time_limit) {
        request.time_limit = *arguments.time_limit;
    }
    const pipeline::DoctorReport report = pipeline::doctor(request, session.services);
    show(arguments.global.is_json ? document(json_of(report)) : words_of(report, session.terminal));
    return report.has_defect() ? ExitCode::failed : ExitCode::done;
}

ActivationTest test_before_use(const Session& session, const pipeline::Project& project,
                               const std::filesystem::path& prefix, const Variables& variables) {
    const SelfTestPolicy policy = policy_before_use(session, project);
    if (policy == SelfTestPolicy::off) {
        return {};
    }
    ActivationTest test;
    test.report = pipeline::self_test_of_prefix(
        {.project = project, .target = session.arguments.global.target, .variables = variables},
        prefix, session.services);
    const bool has_failed = test.report && test.report->verdict.status == Status::failed;
    if (has_failed && policy == SelfTestPolicy::strict) {
        test.code = ExitCode::self_test_failed;
    }
    return test;
}

void tell_failure(const Session& session, const ActivationTest& test) {
    if (!test.report || test.report->verdict.status != Status::failed) {
        return;
    }
    const std::string words = words_of(*test.report, session.terminal);
    if (test.code == ExitCode::done) {
        tell(session, words);
    } else {
        std::fputs(words.c_str(), stderr); // an error: --quiet does not keep it back
    }
}

namespace {

SelfTestPolicy policy_before_use(const Session& session, const pipeline::Project& project) {
    if (const auto& flag = session.arguments.self_test) {
        return pipeline::parse_self_test_policy(*flag).value();
    }
    const auto variable = session.services.variables().find("ENVPM_SELF_TEST");
    if (!variable) {
        return pipeline::read_manifest(project).gpu.self_test;
    }
    const auto policy = pipeline::parse_self_test_policy(*variable);
    if (!policy) {
        throw Error({"`" + *variable + "` is no policy", "ENVPM_SELF_TEST",
                     "set it to `warn`, `strict` or `off`"});
    }
    return *policy;
}

} // namespace

} // namespace envpm::cli
