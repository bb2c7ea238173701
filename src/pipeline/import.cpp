#include "pipeline/import.h"

#include "activate/variable_name.h"
#include "base/error.h"
#include "base/files.h"
#include "base/moment.h"
#include "importers/read.h"
#include "manifest/tables.h"
#include "manifest/write.h"
#include "model/plain_name.h"
#include "pipeline/edit.h"
#include "pipeline/import_packages.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::pipeline {

using importers::Imported;
using importers::ImportedText;

namespace {

constexpr std::size_t longest_file = std::size_t{64} << 20U;

Manifest manifest_of(const Imported& imported, Remarks& remarks);
void check_channels(const Manifest& manifest, Remarks& remarks);
void carry_name(const Imported& imported, Manifest& manifest, Remarks& remarks);
void carry_time(const Imported& imported, Manifest& manifest, Remarks& remarks);
void carry_tasks(const Imported& imported, Manifest& manifest, Remarks& remarks);
void carry_variables(const Imported& imported, Manifest& manifest, Remarks& remarks);
void sort_remarks(std::vector<Remark>& remarks);

} // namespace

ImportedManifest import_text(std::string_view text, const std::string& file,
                             const std::string& name, std::string_view environment) {
    const Imported imported = importers::read(text, file, environment);
    ImportedManifest out{{}, 0, 0, imported.remarks};
    Manifest manifest = manifest_of(imported, out.remarks);
    manifest.name = name;
    if (name.empty() && imported.name) {
        carry_name(imported, manifest, out.remarks);
    }
    out.conda_packages = manifest.dependencies.size();
    out.wheels = manifest.pypi_dependencies.size();
    out.text = manifest::to_text(manifest);
    sort_remarks(out.remarks.left);
    sort_remarks(out.remarks.changed);
    return out;
}

ImportReport init_from(const std::filesystem::path& folder, const std::optional<std::string>& name,
                       const std::filesystem::path& file, std::string_view environment) {
    const NewProject project = new_project(folder, name);
    std::error_code failure;
    if (std::filesystem::status(file, failure).type() == std::filesystem::file_type::not_found) {
        throw Error({"there is no such file to import", file.string(),
                     "name an environment.yml, an explicit list, a conda-lock.yml or a pixi.toml"});
    }
    ImportReport report{project.manifest, import_text(read_file(file, longest_file), file.string(),
                                                      name.value_or(std::string()), environment)};
    write_project(project, report.imported.text);
    return report;
}

namespace {

Manifest manifest_of(const Imported& imported, Remarks& remarks) {
    Manifest manifest;
    ImportSources sources(remarks);
    for (const importers::ImportedChannel& channel : imported.channels) {
        sources.list(channel);
    }
    for (const importers::ImportedIndex& index : imported.indexes) {
        sources.add(index);
    }
    manifest.dependencies = import_specs(imported, sources, remarks);
    manifest.pypi_dependencies = import_wheels(imported, sources, remarks);
    manifest.channels = sources.channels();
    check_channels(manifest, remarks);
    manifest.indexes = sources.indexes();
    manifest.targets = imported.targets;
    if (imported.driver_cuda) {
        for (const Target& target : manifest.targets) {
            manifest.declared_gpus[target.name].cuda = imported.driver_cuda;
        }
    }
    if (imported.has_flexible_channels) {
        manifest.channel_priority = ChannelPriority::flexible;
    }
    if (imported.allows_prereleases) {
        manifest.prereleases = Prereleases::allow;
    }
    carry_time(imported, manifest, remarks);
    carry_tasks(imported, manifest, remarks);
    carry_variables(imported, manifest, remarks);
    return manifest;
}

/// Without a channel there is only the Python of the machine.
void check_channels(const Manifest& manifest, Remarks& remarks) {
    if (!manifest.channels.empty()) {
        return;
    }
    for (const CondaRequirement& requirement : manifest.dependencies) {
        if (requirement.name.string() != "python") {
            throw Error({fmt::format("`{}` comes from a channel, and the file lists none that "
                                     "envpm can ask",
                                     requirement.name.string()),
                         requirement.location.text(), "add one to `channels`"});
        }
        remarks.changed.push_back({requirement.location, "`python`",
                                   "no channel is listed, so it is an interpreter of the machine"});
    }
}

void carry_name(const Imported& imported, Manifest& manifest, Remarks& remarks) {
    const ImportedText& name = *imported.name;
    if (manifest::is_workspace_name(name.text)) {
        manifest.name = name.text;
    } else {
        remarks.left.push_back(
            {name.location, "`name`", "a workspace's name has 1 to 100 printable characters"});
    }
}

void carry_time(const Imported& imported, Manifest& manifest, Remarks& remarks) {
    if (!imported.exclude_newer) {
        return;
    }
    const ImportedText& time = *imported.exclude_newer;
    manifest.exclude_newer = normal_time(time.text);
    if (!manifest.exclude_newer) {
        remarks.left.push_back({time.location, fmt::format("`exclude-newer = {}`", time.text),
                                "envpm takes a date, or a time with its offset"});
    }
}

void carry_tasks(const Imported& imported, Manifest& manifest, Remarks& remarks) {
    for (const ImportedText& task : imported.tasks) {
        const bool is_new =
            std::none_of(manifest.tasks.begin(), manifest.tasks.end(),
                         [&](const Task& other) { return other.name == task.name; });
        if (is_plain_name(task.name) && is_new) {
            manifest.tasks.push_back({task.name, task.text, task.location});
        } else {
            remarks.left.push_back({task.location, fmt::format("task `{}`", task.name),
                                    is_new ? "a task's name is of letters, digits, `.`, `_` and `-`"
                                           : "there is one of that name already"});
        }
    }
}

void carry_variables(const Imported& imported, Manifest& manifest, Remarks& remarks) {
    auto& variables = manifest.activation_variables;
    for (const ImportedText& variable : imported.variables) {
        const bool is_new =
            std::none_of(variables.begin(), variables.end(),
                         [&](const auto& other) { return other.first == variable.name; });
        if (activate::is_variable_name(variable.name) && is_new) {
            variables.emplace_back(variable.name, variable.text);
        } else {
            remarks.left.push_back({variable.location, fmt::format("variable `{}`", variable.name),
                                    is_new ? "a shell has no variable of such a name"
                                           : "there is one of that name already"});
        }
    }
}

/// By their place in the file.
void sort_remarks(std::vector<Remark>& remarks) {
    std::stable_sort(remarks.begin(), remarks.end(), [](const Remark& a, const Remark& b) {
        return std::pair(a.location.line, a.location.column) <
               std::pair(b.location.line, b.location.column);
    });
}

} // namespace

} // namespace envpm::pipeline
