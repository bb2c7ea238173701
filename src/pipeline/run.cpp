#include "pipeline/run.h"

#include "pipeline/care.h"

namespace envpm::pipeline {

ActiveEnvironment activate_project(const Project& project, const Services& services) {
    const Manifest manifest = read_manifest(project);
    const realize::Generation current = current_generation(project);
    const activate::ActivationRequest request{current.prefix, project.folder(), manifest.name,
                                              manifest.activation_variables};
    activate::Changes changes = activate::activation(request, services.variables());
    Variables variables = activate::apply(changes, services.variables());
    return {current.prefix, manifest.name, std::move(changes), std::move(variables)};
}

std::vector<std::string> command_to_run(const Project& project,
                                        const std::vector<std::string>& words) {
    const Manifest manifest = read_manifest(project);
    for (const Task& task : manifest.tasks) {
        if (!words.empty() && task.name == words.front()) {
            // "$@" behind the task's own text hands the arguments on unchanged.
            std::vector<std::string> command = {"sh", "-c", task.command + " \"$@\"", task.name};
            command.insert(command.end(), words.begin() + 1, words.end());
            return command;
        }
    }
    return words;
}

} // namespace envpm::pipeline
