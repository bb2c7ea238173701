#include "cli/audit_command.h"

#include "base/error.h"
#include "cli/output.h"
#include "cli/render_audit.h"
#include "cli/render_error.h"
#include "cli/session.h"
#include "pipeline/gpu_facts.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::cli {

namespace {

std::vector<std::string> listed_gpus(const std::vector<std::string>& parts);

} // namespace

/// Another folder (`--prefix`) may be for another machine, whose loader is not this one's.
ExitCode run(const AuditCommand& command, const Session& session) {
    pipeline::AuditOrder order{command.prefix, {}, command.driver_cuda, command.allowed};
    if (!command.gpus.empty()) {
        const std::vector<std::string> names = listed_gpus(command.gpus);
        const auto known = pipeline::answer(session.services.facts().get(), {.gpus = names});
        for (const pipeline::NamedGpu& gpu : known.gpus) {
            order.gpus.push_back(gpu.capability);
        }
    }
    if (!command.prefix) {
        order.loader_configuration = "/etc/ld.so.conf";
    }
    const pipeline::AuditReport report =
        pipeline::audit(project_if_any(session), order, session.services);
    show(session.global.is_json ? document(json_of(report)) : words_of(report, session.terminal));
    return report.has_error() ? ExitCode::integrity : ExitCode::done;
}

namespace {

/// Each without the blanks around it; refused if it is none, or names what code is compiled for.
std::vector<std::string> listed_gpus(const std::vector<std::string>& parts) {
    std::vector<std::string> names;
    for (const std::string& part : parts) {
        const std::size_t begin = std::min(part.find_first_not_of(' '), part.size());
        const std::string name = part.substr(begin, part.find_last_not_of(' ') + 1 - begin);
        const auto number = ComputeCapability::parse(name);
        if (name.empty() || (number && number->suffix != '\0')) {
            throw Error({fmt::format("`{}` is no GPU", name), "--gpus",
                         "name products or compute capabilities: `--gpus \"A100,12.0\"`"},
                        ExitCode::usage);
        }
        names.push_back(name);
    }
    return names;
}

} // namespace

} // namespace envpm::cli
