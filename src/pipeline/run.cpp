#include "pipeline/run.h"

#include "base/error.h"
#include "pipeline/care.h"
#include "realize/prefix.h"

namespace envpm::pipeline {

ActiveEnvironment activate_project(const Project& project, const Services& services) {
    const Manifest manifest = read_manifest(project);
    const realize::Generation current = current_generation(project);
    if (!realize::is_usable(current.prefix)) {
        throw Error({"the environment is gone, or its Python is", current.prefix.string(),
                     "run `envpm install`, which makes it anew"});
    }
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
            std::vector<std::string> command = {"sh", "-c", task.command, task.name};
            if (words.size() > 1) {
                command[2] += " \"$@\"";
            }
            command.insert(command.end(), words.begin() + 1, words.end());
            return command;
        }
    }
    return words;
}

} // namespace envpm::pipeline
