#include "cli/audit_command.h"

#include "base/error.h"
#include "cli/argument_values.h"
#include "cli/output.h"
#include "cli/render_audit.h"
#include "cli/render_error.h"
#include "cli/session.h"
#include "pipeline/gpu_facts.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::cli {

/// Another folder (`--prefix`) may be for another machine, whose loader is not this one's.
ExitCode run(const AuditCommand& command, const Session& session) {
    installing::AuditOrder order{command.prefix, {}, command.driver_cuda, command.allowed};
    if (!command.gpus.empty()) {
        const std::vector<std::string> names = listed_gpus(command.gpus, "--gpus");
        const auto known = pipeline::answer(session.services.facts().get(), {.gpus = names});
        for (const pipeline::NamedGpu& gpu : known.gpus) {
            order.gpus.push_back(gpu.capability);
        }
    }
    if (!command.prefix) {
        order.loader_configuration = "/etc/ld.so.conf";
    }
    const std::optional<project::Project> project = project_if_any(session);
    if (project) {
        check_target(session, *project);
        order.target_name = session.global.target;
    }
    const installing::AuditReport report = installing::audit(project, order, session.services);
    show(session.global.is_json ? document(json_of(report)) : words_of(report, session.terminal));
    return report.has_error() ? ExitCode::integrity : ExitCode::done;
}

} // namespace envpm::cli
