#include "importers/environment_yml.h"

#include "base/ascii.h"
#include "importers/pip_lines.h"
#include "importers/platforms.h"
#include "importers/yaml_fields.h"

#include <fmt/format.h>

namespace envpm::importers {

namespace {

void read_channels(const YamlValue& value, const std::string& file, Imported& imported);
void read_dependencies(const YamlValue& value, const std::string& file, Imported& imported);
void read_section(const YamlValue::Member& section, const std::string& file, Imported& imported);
void read_variables(const YamlValue& value, const std::string& file, Imported& imported);
void read_platforms(const YamlValue& value, const std::string& file, Imported& imported);
std::string without_dollars(const std::string& text);

} // namespace

Imported read_environment_yml(const YamlValue& root, const std::string& file) {
    Imported imported;
    bool has_channels = false;
    for (const YamlValue::Member& member : expect_map(root, "the file", file)) {
        const YamlValue& value = member.value;
        if (member.name == "name") {
            imported.name = {member.name, expect_text(value, "name", file), member.location(file)};
        } else if (member.name == "channels") {
            has_channels = !expect_list(value, "channels", file).empty();
            read_channels(value, file, imported);
        } else if (member.name == "dependencies") {
            read_dependencies(value, file, imported);
        } else if (member.name == "variables") {
            read_variables(value, file, imported);
        } else if (member.name == "platforms") {
            read_platforms(value, file, imported);
        } else if (member.name == "prefix") {
            imported.leave(
                member.location(file), "`prefix`",
                "a place on one machine; envpm keeps an environment beside its manifest");
        } else {
            imported.leave(member.location(file), fmt::format("`{}`", member.name),
                           "envpm.toml has nothing like it");
        }
    }
    if (!has_channels) {
        imported.channels.push_back({"defaults", root.location(file)});
        imported.change(root.location(file), "no `channels`",
                        "conda then asks its `defaults`, so these are listed");
    }
    return imported;
}

namespace {

/// `nodefaults` says that nothing is to be added to the list; envpm never does.
void read_channels(const YamlValue& value, const std::string& file, Imported& imported) {
    for (const YamlValue& item : expect_list(value, "channels", file)) {
        const std::string& text = expect_text(item, "channels", file);
        if (text != "nodefaults") {
            imported.channels.push_back({text, item.location(file)});
        }
    }
}

void read_dependencies(const YamlValue& value, const std::string& file, Imported& imported) {
    for (const YamlValue& item : expect_list(value, "dependencies", file)) {
        if (const auto* const sections = item.get_if<YamlValue::Map>()) {
            for (const YamlValue::Member& section : *sections) {
                read_section(section, file, imported);
            }
        } else {
            imported.specs.push_back(
                {expect_text(item, "dependencies", file), item.location(file)});
        }
    }
}

/// `- pip: [requirements]`; conda has had other installers, and people forget the `=`.
void read_section(const YamlValue::Member& section, const std::string& file, Imported& imported) {
    if (section.name != "pip") {
        imported.leave(section.location(file), fmt::format("section `{}`", section.name),
                       fmt::format("envpm installs conda packages and wheels only; if the package "
                                   "is meant, write `{}=VERSION`",
                                   section.name));
        return;
    }
    for (const YamlValue& line : expect_list(section.value, "pip", file)) {
        read_pip_line(expect_text(line, "pip", file), line.location(file), imported);
    }
}

void read_variables(const YamlValue& value, const std::string& file, Imported& imported) {
    for (const YamlValue::Member& member : expect_map(value, "variables", file)) {
        const std::string text =
            member.value.is_null() ? std::string() : expect_text(member.value, "variables", file);
        imported.variables.push_back({member.name, without_dollars(text), member.location(file)});
    }
}

void read_platforms(const YamlValue& value, const std::string& file, Imported& imported) {
    for (const YamlValue& item : expect_list(value, "platforms", file)) {
        add_platform(expect_text(item, "platforms", file), item.location(file), imported);
    }
}

/// conda sets a variable to the very text; envpm replaces `$NAME` in it.
std::string without_dollars(const std::string& text) {
    std::string out;
    for (const char c : text) {
        out += c == '$' ? "$$" : std::string(1, c);
    }
    return out;
}

} // namespace

} // namespace envpm::importers
