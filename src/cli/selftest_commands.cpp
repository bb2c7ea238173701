#include "base/error.h"
#include "base/files.h"
#include "cli/render.h"
#include "cli/session.h"

namespace envpm::cli {

namespace {

using selftest::Status;

CheckPolicy policy_before_use(const Session& session, const pipeline::Project& project);
ExitCode run_deep_test(const Session& session, const pipeline::SelfTestRequest& request,
                       CheckPolicy policy);

} // namespace

ExitCode run_selftest(const Session& session) {
    const Arguments& arguments = session.arguments;
    const CheckPolicy policy = arguments.self_test
                                   ? pipeline::parse_check_policy(*arguments.self_test).value()
                                   : CheckPolicy::strict;
    if (policy == CheckPolicy::off) {
        if (arguments.global.is_json) {
            show(document(Json::Object{{"status", "off"}}));
        }
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
    if (arguments.is_deep) {
        return run_deep_test(session, request, policy);
    }
    if (arguments.with_torch || arguments.receipt) {
        throw Error(
            {"`--torch` and `--receipt` belong to `--deep`", "envpm selftest", "add `--deep`"},
            ExitCode::usage);
    }
    const pipeline::SelfTestReport report = pipeline::self_test(request, session.services);
    show(arguments.global.is_json ? document(json_of(report))
                                  : gpu_words(report) + words_of(report, session.terminal));
    const bool has_failed = report.verdict.status == Status::failed;
    return has_failed && policy == CheckPolicy::strict ? ExitCode::self_test_failed
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
    const CheckPolicy policy = policy_before_use(session, project);
    if (policy == CheckPolicy::off) {
        return {};
    }
    ActivationTest test;
    test.report = pipeline::self_test_of_prefix(
        {.project = project, .target = session.arguments.global.target, .variables = variables},
        prefix, session.services);
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

std::optional<CheckPolicy> policy_of(const Session& session, const std::optional<std::string>& flag,
                                     const char* variable) {
    if (flag) {
        return pipeline::parse_check_policy(*flag).value();
    }
    const auto value = session.services.variables().find(variable);
    if (!value) {
        return std::nullopt;
    }
    const auto policy = pipeline::parse_check_policy(*value);
    if (!policy) {
        throw Error(
            {"`" + *value + "` is no policy", variable, "set it to `warn`, `strict` or `off`"});
    }
    return policy;
}

void check_policies(const Session& session) {
    (void)policy_of(session, session.arguments.self_test, "ENVPM_SELF_TEST");
    (void)policy_of(session, session.arguments.audit, "ENVPM_AUDIT");
}

namespace {

CheckPolicy policy_before_use(const Session& session, const pipeline::Project& project) {
    const auto policy = policy_of(session, session.arguments.self_test, "ENVPM_SELF_TEST");
    return policy ? *policy : pipeline::read_manifest(project).gpu.self_test;
}

ExitCode run_deep_test(const Session& session, const pipeline::SelfTestRequest& request,
                       CheckPolicy policy) {
    const Arguments& arguments = session.arguments;
    if (!request.project) {
        project_of(session); // an Error that says how to make one
    }
    const pipeline::DeepReport report = pipeline::deep_test(
        {.quick = request,
         .torch = arguments.with_torch ? pipeline::TorchUse::all : pipeline::TorchUse::on_gpus,
         .time_limit = arguments.time_limit},
        session.services);
    const std::string text = document(json_of(report));
    const std::optional<std::filesystem::path> receipt = output_file(arguments.receipt);
    if (receipt) {
        write_output(session, *receipt, text);
    }
    const bool shows_receipt = arguments.receipt && !receipt; // in the words' place
    show(arguments.global.is_json || shows_receipt ? text : words_of(report, session.terminal));
    return report.has_failed() && policy == CheckPolicy::strict ? ExitCode::self_test_failed
                                                                : ExitCode::done;
}

} // namespace

} // namespace envpm::cli
