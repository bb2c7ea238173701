#include "cli/render.h"
#include "cli/session.h"

#include <fmt/format.h>

namespace envpm::cli {

ExitCode run_export(const Session& session) {
    const Arguments& arguments = session.arguments;
    const auto format = pipeline::parse_export_format(arguments.format);
    if (arguments.output) {
        refuse_own_files(session, *arguments.output);
    }
    const pipeline::Export report =
        pipeline::export_lock(project_of(session), arguments.global.target, format.value());
    if (arguments.output) {
        write_output(session, *arguments.output, report.text);
    }
    if (arguments.global.is_json) {
        Json answer = json_of(report);
        if (arguments.output) {
            answer.get_if<Json::Object>()->emplace("file", arguments.output->string());
        }
        show(document(std::move(answer)));
        return ExitCode::done;
    }
    if (!arguments.output) {
        show(report.text);
    }
    tell(session, words_of(report, session.terminal));
    if (arguments.output) {
        tell(session, fmt::format("wrote {}\n", arguments.output->string()));
    }
    return ExitCode::done;
}

} // namespace envpm::cli
