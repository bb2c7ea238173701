#include "importers/pixi.h"

#include "base/toml_fields.h"
#include "importers/pixi_feature.h"
#include "importers/pixi_workspace.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace envpm::importers {

namespace {

using Names = std::vector<std::string>;

const TomlValue& pixi_table(const TomlValue& root, const std::string& file);
void read_project(const TomlValue& project, const Names& groups, Imported& imported);
void read_optional(const TomlValue& table, const Names& groups, Imported& imported);
void read_requirements(const TomlValue& list, std::string_view key, Imported& imported);
void read_groups(const TomlValue& root, const Names& features, Imported& imported);
void read_environments(const TomlValue& table, Names& features, Imported& imported);
Names features_of(const TomlValue& environment);
void read_features(const TomlValue& table, const Names& chosen, Imported& imported);

} // namespace

Imported read_pixi(const TomlValue& root, const std::string& file) {
    const TomlValue& pixi = pixi_table(root, file);
    Imported imported;
    const TomlValue* workspace = pixi.find("workspace");
    workspace = workspace == nullptr ? pixi.find("project") : workspace;
    if (workspace != nullptr) {
        read_pixi_workspace(*workspace, imported);
    }
    Names features;
    if (const TomlValue* const environments = pixi.find("environments")) {
        read_environments(*environments, features, imported);
    }
    if (&pixi != &root) {
        if (const TomlValue* const project = root.find("project")) {
            read_project(*project, features, imported);
        }
        read_groups(root, features, imported);
    }
    read_pixi_feature(pixi, "", imported);
    if (const TomlValue* const table = pixi.find("feature")) {
        read_features(*table, features, imported);
    }
    constexpr std::array<std::string_view, 4> read_already = {"workspace", "project",
                                                              "environments", "feature"};
    for (const TomlValue::Member& member : expect_table(pixi, "the file")) {
        const auto* const found = std::find(read_already.begin(), read_already.end(), member.name);
        if (found == read_already.end() && !is_key_of_pixi_feature(member.name)) {
            imported.leave(member.location, fmt::format("`[{}]`", member.name),
                           "envpm.toml has nothing like it");
        }
    }
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

/// pixi installs what `[project]` asks for as wheels.
void read_project(const TomlValue& project, const Names& groups, Imported& imported) {
    for (const TomlValue::Member& member : expect_table(project, "project")) {
        if (member.name == "name" && !imported.name) {
            imported.name = {member.name, expect_string(member.value, "project.name"),
                             member.location};
        } else if (member.name == "dependencies") {
            read_requirements(member.value, "project.dependencies", imported);
        } else if (member.name == "requires-python") {
            imported.specs.push_back(
                {"python " + expect_string(member.value, "project.requires-python"),
                 member.location});
        } else if (member.name == "optional-dependencies") {
            read_optional(member.value, groups, imported);
        }
    }
}

void read_optional(const TomlValue& table, const Names& groups, Imported& imported) {
    const std::string where = "project.optional-dependencies";
    for (const TomlValue::Member& group : expect_table(table, where)) {
        if (std::find(groups.begin(), groups.end(), group.name) != groups.end()) {
            read_requirements(group.value, where, imported);
        } else {
            imported.leave(group.location, fmt::format("optional dependencies `{}`", group.name),
                           "pixi's default environment does not have them");
        }
    }
}

void read_requirements(const TomlValue& list, std::string_view key, Imported& imported) {
    for (const TomlValue& item : expect_array(list, key)) {
        if (const auto* const text = item.get_if<std::string>()) {
            imported.wheels.push_back({*text, item.location});
        } else {
            imported.leave(item.location, fmt::format("an item of `{}`", key),
                           "it includes another group; add its packages by `envpm add --pypi`");
        }
    }
}

/// PEP 735 groups are features of the same name.
void read_groups(const TomlValue& root, const Names& features, Imported& imported) {
    const TomlValue* const groups = root.find("dependency-groups");
    if (groups == nullptr) {
        return;
    }
    for (const TomlValue::Member& group : expect_table(*groups, "dependency-groups")) {
        if (std::find(features.begin(), features.end(), group.name) != features.end()) {
            read_requirements(group.value, "dependency-groups", imported);
        } else {
            imported.leave(group.location, fmt::format("dependency group `{}`", group.name),
                           "pixi's default environment does not have it");
        }
    }
}

void read_environments(const TomlValue& table, Names& features, Imported& imported) {
    for (const TomlValue::Member& member : expect_table(table, "environments")) {
        if (member.name == "default") {
            features = features_of(member.value);
        } else {
            imported.leave(member.location, fmt::format("environment `{}`", member.name),
                           "an envpm.toml is one environment, here pixi's `default`; keep another "
                           "in a folder of its own");
        }
    }
}

/// `["a"]`, or a table with `features`.
Names features_of(const TomlValue& environment) {
    if (environment.get_if<TomlValue::Array>() != nullptr) {
        return expect_strings(environment, "environments.default");
    }
    const TomlValue* const features = environment.find("features");
    return features == nullptr ? Names{} : expect_strings(*features, "environments.default");
}

void read_features(const TomlValue& table, const Names& chosen, Imported& imported) {
    for (const TomlValue::Member& feature : expect_table(table, "feature")) {
        if (std::find(chosen.begin(), chosen.end(), feature.name) == chosen.end()) {
            imported.leave(feature.location, fmt::format("feature `{}`", feature.name),
                           "pixi's default environment does not have it");
            continue;
        }
        const std::string where = "feature." + feature.name + ".";
        read_pixi_feature(feature.value, where, imported);
        for (const TomlValue::Member& member : expect_table(feature.value, where)) {
            if (member.name == "channels") {
                read_pixi_channels(member.value, imported);
            } else if (!is_key_of_pixi_feature(member.name)) {
                imported.leave(member.location, fmt::format("`{}{}`", where, member.name),
                               "envpm.toml has nothing like it");
            }
        }
    }
}

} // namespace

} // namespace envpm::importers
