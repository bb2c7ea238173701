#include "pipeline/run.h"

#include "activate/conda_files.h"
#include "base/error.h"
#include "installing/generations.h"
#include "installing/lease.h"
#include "installing/target_choice.h"
#include "realize/build.h"

#include <fmt/format.h>

#include <string_view>

namespace envpm::pipeline {

namespace {

void require_target(const std::string& name, const realize::Generation& current,
                    const project::Project& project);
std::string target_of(const realize::Generation& generation, const Lock& lock);
void require_usable(const std::filesystem::path& prefix);
std::vector<std::string> task_or_command(const Manifest& manifest,
                                         const std::vector<std::string>& words);
void check_pip(const std::filesystem::path& prefix, const std::vector<std::string>& words);
std::vector<std::string> runner(const project::Project& project);

} // namespace

ActiveEnvironment activate_project(const project::Project& project,
                                   const std::optional<std::string>& target,
                                   const project::Services& services) {
    const Manifest manifest = project::read_manifest(project);
    const realize::Generation current = installing::current_generation(project);
    if (target && *target != current.target) {
        require_target(*target, current, project);
    }
    require_usable(current.prefix);
    const bool was_root = installing::keep_root(project, current.prefix, services);
    if (!installing::renew_lease(project, current.prefix, services) || !was_root) {
        require_usable(current.prefix);
    }
    const activate::CondaVariables conda = activate::conda_variables(current.prefix);
    for (const std::string& complaint : conda.complaints) {
        services.progress().note(complaint);
    }
    const activate::ActivationRequest request{
        current.prefix, project.folder(),
        manifest.name,  activate::has_conda_packages(current.prefix),
        conda.values,   manifest.activation_variables};
    activate::Changes changes = activate::activation(request, services.variables());
    Variables variables = activate::apply(changes, services.variables());
    return {current.prefix, manifest.name, std::move(changes), std::move(variables),
            manifest.sources_conda_scripts};
}

std::vector<std::string> command_to_run(const project::Project& project,
                                        const ActiveEnvironment& environment,
                                        const std::vector<std::string>& words) {
    std::vector<std::string> command = task_or_command(project::read_manifest(project), words);
    check_pip(environment.prefix, command);
    if (environment.sources_scripts) {
        command = activate::with_scripts(
            std::move(command), activate::conda_scripts(activate::Shell::bash, environment.prefix),
            runner(project));
    }
    return command;
}

std::vector<std::string> task_names(const project::Project& project) {
    std::vector<std::string> names;
    for (const Task& task : project::read_manifest(project).tasks) {
        names.push_back(task.name);
    }
    return names;
}

namespace {

/// A project has one environment at a time, of the target that was installed last; another one may
/// be the same down to the files.
void require_target(const std::string& name, const realize::Generation& current,
                    const project::Project& project) {
    const std::optional<Lock> lock = project::read_lock(project);
    if (lock && installing::named_target(*lock, name).env == current.env) {
        return;
    }
    const std::string installed = lock ? target_of(current, *lock) : current.target;
    if (!installed.empty() && installed != name) {
        throw Error({fmt::format("the environment that is installed is of target `{}`, not of `{}`",
                                 installed, name),
                     current.prefix.string(),
                     fmt::format("`envpm install --target {}` makes that one current; machines of "
                                 "several targets need a copy of the project each",
                                 name)});
    }
}

/// Empty if neither its record nor the lock tells.
std::string target_of(const realize::Generation& generation, const Lock& lock) {
    for (const LockedTarget& target : lock.targets) {
        if (generation.target.empty() && target.env == generation.env) {
            return target.target.name;
        }
    }
    return generation.target;
}

void require_usable(const std::filesystem::path& prefix) {
    if (!realize::is_usable(prefix)) {
        throw Error({"the environment is gone, or its Python is", prefix.string(),
                     "run `envpm install`, which makes it anew"});
    }
}

std::vector<std::string> task_or_command(const Manifest& manifest,
                                         const std::vector<std::string>& words) {
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

/// By PATH it would be the machine's, which installs into the machine's Python.
void check_pip(const std::filesystem::path& prefix, const std::vector<std::string>& words) {
    constexpr std::string_view pip = "pip";
    const std::string_view name = words.empty() ? std::string_view() : words.front();
    const bool is_pip =
        name.starts_with(pip) && name.find_first_not_of("0123456789.", pip.size()) == name.npos;
    std::error_code failure;
    if (is_pip && !std::filesystem::exists(prefix / "bin" / name, failure)) {
        throw Error({fmt::format("the environment has no `{}`, and the machine's would change the "
                                 "machine",
                                 name),
                     {},
                     "`envpm add PACKAGE` puts a package into the environment"},
                    ExitCode::not_found);
    }
}

/// None if this program's file is gone, replaced by an update: then bash is the last to speak.
std::vector<std::string> runner(const project::Project& project) {
    std::error_code failure;
    const std::string self = std::filesystem::read_symlink("/proc/self/exe", failure).string();
    if (failure || !std::filesystem::exists(self, failure)) {
        return {};
    }
    const std::string manifest = std::filesystem::absolute(project.manifest_file).string();
    return {self, "run", "--activated", "--manifest-path", manifest, "--"};
}

} // namespace

} // namespace envpm::pipeline
