#include "cli/export_command.h"

#include "cli/output.h"
#include "cli/render_error.h"
#include "cli/render_exchange.h"
#include "cli/session.h"

#include <fmt/format.h>

namespace envpm::cli {

namespace {

ExitCode bring_blobs(const ExportCommand& command, const Session& session);

} // namespace

ExitCode run(const ExportCommand& command, const Session& session) {
    if (command.format == "blobs") {
        return bring_blobs(command, session);
    }
    const auto format = pipeline::parse_export_format(command.format);
    const std::optional<std::filesystem::path> output = output_file(command.output);
    if (output) {
        refuse_own_files(session, *output);
    }
    const pipeline::Export report = pipeline::export_lock(
        project_of(session), session.global.target, format.value(), session.services);
    if (output) {
        write_output(session, *output, report.text);
    }
    if (session.global.is_json) {
        Json answer = json_of(report);
        if (output) {
            answer.get_if<Json::Object>()->emplace("file", output->string());
        }
        show(document(std::move(answer)));
        return ExitCode::done;
    }
    if (!output) {
        show(report.text);
    }
    tell(session, words_of(report, session.terminal));
    if (output) {
        tell(session, fmt::format("wrote {}\n", output->string()));
    }
    return ExitCode::done;
}

namespace {

ExitCode bring_blobs(const ExportCommand& command, const Session& session) {
    const std::optional<std::filesystem::path> folder = output_file(command.output);
    if (!folder) {
        throw Error(
            {"blobs are many files, and go into a folder", "--format blobs", "name it: `-o DIR`"},
            ExitCode::usage);
    }
    const pipeline::BlobExport report =
        pipeline::export_blobs(project_of(session), session.global.target,
                               (session.start / *folder).lexically_normal(), session.services);
    if (session.global.is_json) {
        show(document(json_of(report)));
    } else {
        tell(session, words_of(report, session.terminal));
    }
    return ExitCode::done;
}

} // namespace

} // namespace envpm::cli
