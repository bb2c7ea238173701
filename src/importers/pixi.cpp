#include "importers/pixi.h"

#include "base/toml_fields.h"
#include "importers/pixi_environment.h"
#include "importers/pixi_feature.h"
#include "importers/pixi_groups.h"
#include "importers/pixi_workspace.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace envpm::importers {

namespace {

/// What all readers here work with.
struct Reading {
    const TomlValue& pixi;
    const PixiEnvironment& environment;
    Imported& imported;
};

const TomlValue& pixi_table(const TomlValue& root, const std::string& file);
const TomlValue* workspace_of(const TomlValue& pixi);
void check_features(const TomlValue& root, const Reading& reading, const std::string& file);
void add_names(const TomlValue* table, std::vector<std::string>& names);
void read_channels(const Reading& reading);
void read_channel_priority(const Reading& reading);
void read_platforms(const Reading& reading, const std::string& file);
void read_python_project(const TomlValue& root, const Reading& reading);
void read_project(const TomlValue& project, const Reading& reading);
void read_requirements(const TomlValue& list, std::string_view key, Imported& imported);
void read_features(const Reading& reading);
void read_feature(const TomlValue& feature, const std::string& where, Imported& imported);
void leave_rest(const Reading& reading);

} // namespace

Imported read_pixi(const TomlValue& root, const std::string& file, std::string_view environment) {
    const TomlValue& pixi = pixi_table(root, file);
    Imported imported;
    const PixiEnvironment wanted = read_pixi_environment(pixi, environment, file, imported);
    const Reading reading{pixi, wanted, imported};
    check_features(root, reading, file);
    if (const TomlValue* const workspace = workspace_of(pixi)) {
        read_pixi_workspace(*workspace, imported);
    }
    read_channels(reading);
    read_channel_priority(reading);
    read_platforms(reading, file);
    if (&pixi != &root) {
        read_python_project(root, reading);
    }
    if (wanted.has_default_feature) {
        read_pixi_feature(pixi, "", imported);
    }
    read_features(reading);
    leave_rest(reading);
    carry_system_requirements(imported);
    return imported;
}

namespace {

const TomlValue& pixi_table(const TomlValue& root, const std::string& file) {
    const TomlValue* const tool = root.find("tool");
    if (const TomlValue* const pixi = tool == nullptr ? nullptr : tool->find("pixi")) {
        return *pixi;
    }
    if (file.ends_with("pyproject.toml")) {
        complain_at({file, 0, 0}, "there is no `[tool.pixi]` to import",
                    "envpm reads pyproject.toml itself: give it a `[tool.envpm]`");
    }
    if (root.find("workspace") == nullptr && root.find("project") == nullptr) {
        complain_at({file, 0, 0}, "this is no file that envpm can import",
                    "a pixi.toml has a `[workspace]`");
    }
    return root;
}

const TomlValue* workspace_of(const TomlValue& pixi) {
    const TomlValue* const workspace = pixi.find("workspace");
    return workspace == nullptr ? pixi.find("project") : workspace;
}

/// PEP 735 groups and optional dependencies are features of the same name.
void check_features(const TomlValue& root, const Reading& reading, const std::string& file) {
    std::vector<std::string> known;
    add_names(reading.pixi.find("feature"), known);
    if (&reading.pixi != &root) {
        add_names(root.find("dependency-groups"), known);
        if (const TomlValue* const project = root.find("project")) {
            add_names(project->find("optional-dependencies"), known);
        }
    }
    for (const std::string& feature : reading.environment.features) {
        if (std::find(known.begin(), known.end(), feature) == known.end()) {
            complain_at({file, 0, 0},
                        fmt::format("there is no feature `{}`, which environment `{}` has", feature,
                                    reading.environment.name),
                        known_words(feature, known));
        }
    }
}

void add_names(const TomlValue* table, std::vector<std::string>& names) {
    if (table == nullptr) {
        return;
    }
    for (const TomlValue::Member& member : expect_table(*table, "features")) {
        names.push_back(member.name);
    }
}

/// A feature that says nothing of channels has those of the workspace.
void read_channels(const Reading& reading) {
    const TomlValue* const workspace = workspace_of(reading.pixi);
    const TomlValue* const shared = workspace == nullptr ? nullptr : workspace->find("channels");
    const TomlValue* const features = reading.pixi.find("feature");
    std::vector<const TomlValue*> lists;
    for (const std::string& name : reading.environment.features) {
        const TomlValue* const feature = features == nullptr ? nullptr : features->find(name);
        const TomlValue* const own = feature == nullptr ? nullptr : feature->find("channels");
        lists.push_back(own == nullptr ? shared : own);
    }
    if (reading.environment.has_default_feature || lists.empty()) {
        lists.push_back(shared);
    }
    std::erase(lists, nullptr);
    read_pixi_channels(lists, reading.imported);
}

/// The first feature that says one counts, the workspace's last: as for channels.
void read_channel_priority(const Reading& reading) {
    std::vector<const TomlValue::Member*> said;
    const auto look = [&](const TomlValue* table) {
        if (table == nullptr) {
            return;
        }
        for (const TomlValue::Member& member : expect_table(*table, "channel-priority")) {
            if (member.name == "channel-priority") {
                said.push_back(&member);
            }
        }
    };
    const TomlValue* const features = reading.pixi.find("feature");
    for (const std::string& name : reading.environment.features) {
        look(features == nullptr ? nullptr : features->find(name));
    }
    look(workspace_of(reading.pixi));
    read_pixi_channel_priority(said, reading.imported);
}

void read_platforms(const Reading& reading, const std::string& file) {
    std::vector<Target>& targets = reading.imported.targets;
    const TomlValue* const features = reading.pixi.find("feature");
    if (targets.empty() || features == nullptr) {
        return;
    }
    for (const std::string& name : reading.environment.features) {
        const TomlValue* const feature = features->find(name);
        const TomlValue* const list = feature == nullptr ? nullptr : feature->find("platforms");
        if (list != nullptr) {
            const std::vector<std::string> kept = expect_strings(*list, "platforms");
            std::erase_if(targets, [&](const Target& target) {
                return std::find(kept.begin(), kept.end(), target.name) == kept.end();
            });
        }
    }
    if (targets.empty()) {
        complain_at({file, 0, 0},
                    fmt::format("environment `{}` is for no platform that envpm knows",
                                reading.environment.name),
                    "it knows `linux-64` and `linux-aarch64`");
    }
}

void read_python_project(const TomlValue& root, const Reading& reading) {
    if (const TomlValue* const project = root.find("project")) {
        read_project(*project, reading);
        read_pixi_optional(*project, reading.environment, reading.imported);
    }
    if (const TomlValue* const groups = root.find("dependency-groups")) {
        read_pixi_groups(*groups, reading.environment, reading.imported);
    }
}

/// pixi installs what `[project]` asks for as wheels, as a part of the default feature.
void read_project(const TomlValue& project, const Reading& reading) {
    Imported& imported = reading.imported;
    const bool is_wanted = reading.environment.has_default_feature;
    for (const TomlValue::Member& member : expect_table(project, "project")) {
        if (member.name == "name" && !imported.name) {
            imported.name = {member.name, expect_string(member.value, "project.name"),
                             member.location};
        } else if (member.name == "dependencies" && is_wanted) {
            read_requirements(member.value, "project.dependencies", imported);
        } else if (member.name == "requires-python" && is_wanted) {
            imported.specs.push_back(
                {"python " + expect_string(member.value, "project.requires-python"),
                 member.location});
        }
    }
}

void read_requirements(const TomlValue& list, std::string_view key, Imported& imported) {
    for (const TomlValue& item : expect_array(list, key)) {
        imported.wheels.push_back({expect_string(item, key), item.location});
    }
}

/// In the environment's order. Of tasks and variables of one name the first counts, so those of
/// the features are put before those of the default feature, which were read already.
void read_features(const Reading& reading) {
    const TomlValue* const table = reading.pixi.find("feature");
    if (table == nullptr) {
        return;
    }
    Imported& imported = reading.imported;
    const auto tasks = static_cast<std::ptrdiff_t>(imported.tasks.size());
    const auto variables = static_cast<std::ptrdiff_t>(imported.variables.size());
    for (const std::string& name : reading.environment.features) {
        if (const TomlValue* const feature = table->find(name)) {
            read_feature(*feature, "feature." + name + ".", imported);
        }
    }
    std::rotate(imported.tasks.begin(), imported.tasks.begin() + tasks, imported.tasks.end());
    std::rotate(imported.variables.begin(), imported.variables.begin() + variables,
                imported.variables.end());
    for (const TomlValue::Member& feature : expect_table(*table, "feature")) {
        if (!reading.environment.has(feature.name)) {
            imported.leave(feature.location, fmt::format("feature `{}`", feature.name),
                           reading.environment.does_not_have_it());
        }
    }
}

void read_feature(const TomlValue& feature, const std::string& where, Imported& imported) {
    read_pixi_feature(feature, where, imported);
    for (const TomlValue::Member& member : expect_table(feature, where)) {
        const bool was_read = member.name == "channels" || member.name == "platforms" ||
                              member.name == "channel-priority";
        if (!was_read && !is_key_of_pixi_feature(member.name)) {
            imported.leave(member.location, fmt::format("`{}{}`", where, member.name),
                           "envpm.toml has nothing like it");
        }
    }
}

void leave_rest(const Reading& reading) {
    constexpr std::array<std::string_view, 4> read_already = {"workspace", "project",
                                                              "environments", "feature"};
    for (const TomlValue::Member& member : expect_table(reading.pixi, "the file")) {
        const auto* const found = std::find(read_already.begin(), read_already.end(), member.name);
        if (found == read_already.end() && !is_key_of_pixi_feature(member.name)) {
            reading.imported.leave(member.location, fmt::format("`[{}]`", member.name),
                                   "envpm.toml has nothing like it");
        }
    }
}

} // namespace

} // namespace envpm::importers
