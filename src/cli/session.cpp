#include "cli/session.h"

#include "base/error.h"
#include "pipeline/edit.h"

#include <cerrno>
#include <cstdio>

namespace envpm::cli {

pipeline::Project project_of(const Session& session) {
    pipeline::Project project =
        pipeline::find_project(session.arguments.global.manifest_path, session.start);
    pipeline::finish_interrupted_edit(project);
    return project;
}

std::optional<pipeline::Project> project_if_any(const Session& session) {
    auto project =
        pipeline::find_project_if_any(session.arguments.global.manifest_path, session.start);
    if (project) {
        pipeline::finish_interrupted_edit(*project);
    }
    return project;
}

void tell(const Session& session, const std::string& words) {
    if (!session.terminal.is_quiet) {
        std::fputs(words.c_str(), stderr);
    }
}

void tell_error(const std::string& words) {
    std::fputs(words.c_str(), stderr);
}

void show(const std::string& data) {
    const bool is_written =
        std::fwrite(data.data(), 1, data.size(), stdout) == data.size() && std::fflush(stdout) == 0;
    // A reader that has seen enough (`| head`) is no failure.
    if (!is_written && errno != EPIPE) {
        throw_system_error("cannot write the output", "standard output", errno);
    }
}

} // namespace envpm::cli
