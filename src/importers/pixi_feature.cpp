#include "importers/pixi_feature.h"

#include "base/toml_fields.h"
#include "importers/pip_lines.h"
#include "importers/pixi_dependencies.h"
#include "importers/pixi_tasks.h"
#include "importers/platforms.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace envpm::importers {

namespace {

constexpr std::array<std::string_view, 7> keys = {
    "dependencies",        "pypi-dependencies", "tasks", "activation",
    "system-requirements", "pypi-options",      "target"};

/// One table of a feature, and where it counts.
struct Part {
    const TomlValue::Member& member;
    std::string where;
    std::optional<Platform> platform = {};
};

void read_part(const Part& part, Imported& imported);
void read_targets(const Part& part, Imported& imported);
void read_target(const TomlValue::Member& target, const std::string& where, Imported& imported);
void read_activation(const Part& part, Imported& imported);
void read_system_requirements(const Part& part, Imported& imported);
void read_libc(const TomlValue::Member& member, Imported& imported);
void read_cuda(const TomlValue::Member& member, Imported& imported);
std::string_view why_no_requirement(std::string_view name);
void read_pypi_options(const Part& part, Imported& imported);
bool counts_everywhere(const Part& part, Imported& imported);

} // namespace

void read_pixi_feature(const TomlValue& feature, const std::string& where, Imported& imported) {
    for (const TomlValue::Member& member : expect_table(feature, where)) {
        if (member.name == "target") {
            read_targets({member, where}, imported);
        } else if (is_key_of_pixi_feature(member.name)) {
            read_part({member, where}, imported);
        }
    }
}

bool is_key_of_pixi_feature(std::string_view name) {
    return std::find(keys.begin(), keys.end(), name) != keys.end();
}

void carry_system_requirements(Imported& imported) {
    if (imported.targets.empty() && (imported.glibc || imported.driver_cuda)) {
        add_platform("linux-64", {}, imported);
    }
    for (Target& target : imported.targets) {
        target.glibc = imported.glibc.value_or(target.glibc);
    }
}

namespace {

void read_part(const Part& part, Imported& imported) {
    const TomlValue::Member& member = part.member;
    if (member.name == "dependencies") {
        read_pixi_dependencies(member.value, part.where + member.name, part.platform, imported);
    } else if (member.name == "pypi-dependencies") {
        read_pixi_wheels(member.value, part.where + member.name, part.platform, imported);
    } else if (member.name == "tasks" && counts_everywhere(part, imported)) {
        read_pixi_tasks(member.value, part.where + member.name, imported);
    } else if (member.name == "activation" && counts_everywhere(part, imported)) {
        read_activation(part, imported);
    } else if (member.name == "system-requirements") {
        read_system_requirements(part, imported);
    } else if (member.name == "pypi-options") {
        read_pypi_options(part, imported);
    }
}

void read_targets(const Part& part, Imported& imported) {
    for (const TomlValue::Member& target : expect_table(part.member.value, part.where + "target")) {
        read_target(target, part.where + "target." + target.name + ".", imported);
    }
}

/// What is for `unix` or `linux` is for every target of envpm.
void read_target(const TomlValue::Member& target, const std::string& where, Imported& imported) {
    const std::optional<Platform> platform = parse_platform(target.name);
    if (!platform && target.name != "unix" && target.name != "linux") {
        imported.leave(target.location, fmt::format("`[{}]`", where.substr(0, where.size() - 1)),
                       "envpm knows `linux-64` and `linux-aarch64`");
        return;
    }
    for (const TomlValue::Member& member : expect_table(target.value, where)) {
        if (is_key_of_pixi_feature(member.name) && member.name != "target") {
            read_part({member, where, platform}, imported);
        } else {
            imported.leave(member.location, fmt::format("`{}{}`", where, member.name),
                           "envpm.toml has nothing like it");
        }
    }
}

void read_activation(const Part& part, Imported& imported) {
    const std::string where = part.where + "activation";
    for (const TomlValue::Member& member : expect_table(part.member.value, where)) {
        if (member.name != "env") {
            imported.leave(member.location, fmt::format("`{}.{}`", where, member.name),
                           "envpm runs no script of the project when an environment is activated");
            continue;
        }
        for (const TomlValue::Member& variable : expect_table(member.value, where + ".env")) {
            imported.variables.push_back(
                {variable.name,
                 with_envpm_variables(expect_string(variable.value, where + ".env"),
                                      variable.location, imported),
                 variable.location});
        }
    }
}

void read_system_requirements(const Part& part, Imported& imported) {
    const std::string where = part.where + "system-requirements";
    for (const TomlValue::Member& member : expect_table(part.member.value, where)) {
        if (member.name == "libc") {
            read_libc(member, imported);
        } else if (member.name == "cuda") {
            read_cuda(member, imported);
        } else {
            imported.leave(member.location, fmt::format("`{}.{}`", where, member.name),
                           std::string(why_no_requirement(member.name)));
        }
    }
}

/// `"2.28"`, or a table with `family` and `version`.
void read_libc(const TomlValue::Member& member, Imported& imported) {
    const TomlValue& value = member.value;
    const TomlValue* const family = value.find("family");
    const TomlValue* const version =
        value.get_if<TomlValue::Table>() == nullptr ? &value : value.find("version");
    const bool is_glibc = family == nullptr || expect_string(*family, "libc.family") == "glibc";
    const std::optional<GlibcVersion> glibc =
        version == nullptr ? std::nullopt
                           : GlibcVersion::parse(expect_string(*version, "libc.version"));
    if (!is_glibc || !glibc) {
        imported.leave(member.location, "`system-requirements.libc`",
                       "envpm knows glibc, by a version such as 2.28");
        return;
    }
    imported.glibc = std::max(imported.glibc, glibc);
}

/// The least CUDA that the driver of every machine runs: `"12"` or `"12.4"`.
void read_cuda(const TomlValue::Member& member, Imported& imported) {
    const auto* const text = member.value.get_if<std::string>();
    const bool has_minor = text != nullptr && text->find('.') != std::string::npos;
    const std::optional<CudaVersion> cuda =
        text == nullptr ? std::nullopt : CudaVersion::parse(has_minor ? *text : *text + ".0");
    if (cuda) {
        imported.driver_cuda = std::max(imported.driver_cuda, cuda);
    } else {
        imported.leave(member.location, "`system-requirements.cuda`",
                       "envpm knows CUDA by a version such as 12.4");
    }
}

std::string_view why_no_requirement(std::string_view name) {
    if (name == "linux") {
        return "every target of envpm has a kernel of 4.18 or later, and none can say more";
    }
    if (name == "archspec") {
        return "a target of envpm has the processor that its platform has at least";
    }
    return "it is no fact of a target that envpm.toml can state";
}

void read_pypi_options(const Part& part, Imported& imported) {
    const std::string where = part.where + "pypi-options";
    for (const TomlValue::Member& member : expect_table(part.member.value, where)) {
        if (member.name == "index-url") {
            read_pip_line("--index-url " + expect_string(member.value, where), member.location,
                          imported);
        } else if (member.name == "extra-index-urls") {
            for (const TomlValue& item : expect_array(member.value, where)) {
                read_pip_line("--extra-index-url " + expect_string(item, where), item.location,
                              imported);
            }
        } else {
            imported.leave(member.location, fmt::format("`{}.{}`", where, member.name),
                           "envpm.toml has nothing like it");
        }
    }
}

/// Tasks and variables have no platform in envpm.toml.
bool counts_everywhere(const Part& part, Imported& imported) {
    const bool is_for_all = !part.platform || is_everywhere(*part.platform, imported);
    if (!is_for_all) {
        imported.leave(part.member.location, fmt::format("`{}{}`", part.where, part.member.name),
                       "it counts on one platform, and in envpm.toml on every target");
    }
    return is_for_all;
}

} // namespace

} // namespace envpm::importers
