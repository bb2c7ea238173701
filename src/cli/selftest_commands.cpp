#include "cli/selftest_commands.h"

#include "base/error.h"
#include "base/files.h"
#include "cli/output.h"
#include "cli/render_doctor.h"
#include "cli/render_error.h"
#include "cli/render_selftest.h"
#include "cli/session.h"

namespace envpm::cli {

namespace {

using selftest::Status;

ExitCode run_deep_test(const SelftestCommand& command, const Session& session,
                       const installing::SelfTestRequest& request);
ExitCode code_of(const SelftestCommand& command, bool has_failed);

} // namespace

ExitCode run(const SelftestCommand& command, const Session& session) {
    if (command.policy == CheckPolicy::off) {
        if (session.global.is_json) {
            show(document(Json::Object{{"status", "off"}}));
        }
        return ExitCode::done;
    }
    installing::SelfTestRequest request{.project = project_if_any(session),
                                        .target = session.global.target,
                                        .variables = session.services.variables()};
    request.memory =
        command.recheck ? installing::SelfTestMemory::renew : installing::SelfTestMemory::use;
    if (command.time_limit) {
        request.time_limit = *command.time_limit;
    }
    if (command.is_deep) {
        return run_deep_test(command, session, request);
    }
    if (command.with_torch || command.receipt) {
        throw Error(
            {"`--torch` and `--receipt` belong to `--deep`", "envpm selftest", "add `--deep`"},
            ExitCode::usage);
    }
    installing::SelfTestReport report = installing::self_test(request, session.services);
    if (command.policy.value_or(CheckPolicy::strict) == CheckPolicy::strict) {
        report = installing::with_gpus_required(std::move(report));
    }
    show(session.global.is_json ? document(json_of(report))
                                : gpu_words(report) + words_of(report, session.terminal));
    return code_of(command, report.verdict.status == Status::failed);
}

ExitCode run(const DoctorCommand& command, const Session& session) {
    pipeline::DoctorRequest request{
        .project = project::find_project_if_any(session.global.manifest_path, session.start),
        .target = session.global.target,
        .variables = session.services.variables(),
        .settings_error = session.settings_error};
    if (command.time_limit) {
        request.time_limit = *command.time_limit;
    }
    const pipeline::DoctorReport report = pipeline::doctor(request, session.services);
    show(session.global.is_json ? document(json_of(report)) : words_of(report, session.terminal));
    return report.has_defect() ? ExitCode::failed : ExitCode::done;
}

namespace {

ExitCode run_deep_test(const SelftestCommand& command, const Session& session,
                       const installing::SelfTestRequest& request) {
    if (!request.project) {
        project_of(session); // an Error that says how to make one
    }
    const pipeline::DeepReport report = pipeline::deep_test(
        {.quick = request,
         .torch = command.with_torch ? pipeline::TorchUse::all : pipeline::TorchUse::on_gpus,
         .time_limit = command.time_limit},
        session.services);
    const std::string text = document(json_of(report));
    const std::optional<std::filesystem::path> receipt = output_file(command.receipt);
    if (receipt) {
        write_output(session, *receipt, text);
    }
    const bool shows_receipt = command.receipt && !receipt; // in the words' place
    show(session.global.is_json || shows_receipt ? text : words_of(report, session.terminal));
    return code_of(command, report.has_failed());
}

ExitCode code_of(const SelftestCommand& command, bool has_failed) {
    return has_failed && command.policy.value_or(CheckPolicy::strict) == CheckPolicy::strict
               ? ExitCode::self_test_failed
               : ExitCode::done;
}

} // namespace

} // namespace envpm::cli
