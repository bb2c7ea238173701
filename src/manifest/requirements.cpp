#include "manifest/requirements.h"

#include "base/toml_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace envpm::manifest {

namespace {

using Keys = std::vector<std::string>;

PackageName read_key(const TomlValue::Member& member, const std::string& where);
std::string read_words(const TomlValue& value, const std::string& key);
std::string read_specifier(const TomlValue& value, const std::string& key);
ManifestRequirement read_requirement(const TomlValue::Member& member, const std::string& where,
                                     const Keys& known);
CondaRequirement read_conda_requirement(const TomlValue::Member& member, const std::string& where);
std::string read_conda_words(const TomlValue& value, const std::string& key);
std::vector<PackageName> read_extras(const TomlValue& value, const std::string& key);
void refuse_places(const TomlValue& table, const std::string& key);
void check_unique(const TomlValue& table, const std::string& where);

} // namespace

std::vector<CondaRequirement> read_dependencies(const TomlValue& table, const std::string& where) {
    std::vector<CondaRequirement> out;
    for (const TomlValue::Member& member : expect_table(table, where)) {
        out.push_back(read_conda_requirement(member, where));
    }
    return out;
}

std::vector<ManifestRequirement> read_pypi_dependencies(const TomlValue& table,
                                                        const std::string& where) {
    std::vector<ManifestRequirement> out;
    for (const TomlValue::Member& member : expect_table(table, where)) {
        refuse_python(read_key(member, where), member.location, where);
        out.push_back(read_requirement(member, where, {"version", "extras", "marker", "index"}));
    }
    check_unique(table, where);
    return out;
}

std::vector<ManifestRequirement> read_constraints(const TomlValue& table,
                                                  const std::string& where) {
    std::vector<ManifestRequirement> out;
    for (const TomlValue::Member& member : expect_table(table, where)) {
        refuse_python(read_key(member, where), member.location, where);
        out.push_back(read_requirement(member, where, {"version", "marker"}));
    }
    check_unique(table, where);
    return out;
}

std::vector<Override> read_overrides(const TomlValue& table, const std::string& where) {
    std::vector<Override> out;
    for (const TomlValue::Member& member : expect_table(table, where)) {
        const PackageName name = read_key(member, where);
        refuse_python(name, member.location, where);
        out.push_back(
            {name, read_specifier(member.value, where + "." + member.name), member.location});
    }
    check_unique(table, where);
    return out;
}

void refuse_python(const PackageName& name, const SourceLocation& location,
                   const std::string& where) {
    if (name.string() == "python") {
        complain_at(location, fmt::format("`python` cannot be in `{}`: it is no wheel", where),
                    "its version goes under `[dependencies]`");
    }
}

namespace {

PackageName read_key(const TomlValue::Member& member, const std::string& where) {
    const std::optional<PackageName> name = PackageName::parse(member.name);
    if (!name) {
        complain_at(member.location,
                    fmt::format("{} in `{}` is no package's name", toml_quoted(member.name), where),
                    "letters, digits, `.`, `_` and `-`, with a letter or digit at both ends");
    }
    return *name;
}

std::string read_words(const TomlValue& value, const std::string& key) {
    const std::string& text = expect_string(value, key);
    const bool is_printable = std::all_of(text.begin(), text.end(),
                                          [](unsigned char c) { return c >= ' ' && c != 0x7f; });
    if (!is_printable) {
        complain_at(value.location, fmt::format("`{}` holds control characters", key));
    }
    return text;
}

std::string read_specifier(const TomlValue& value, const std::string& key) {
    if (const auto* const number = value.get_if<double>()) {
        complain_at(value.location, fmt::format("`{}` must be a string, not a number", key),
                    fmt::format("write \"=={}\"", *number));
    }
    std::string text = read_words(value, key);
    if (text.find("://") != std::string::npos || text.find('@') != std::string::npos) {
        complain_at(value.location,
                    fmt::format("`{}` must be a version specifier, not a reference", key),
                    "a wheel comes from an index; name it under `[indexes]`");
    }
    return text;
}

ManifestRequirement read_requirement(const TomlValue::Member& member, const std::string& where,
                                     const Keys& known) {
    const std::string key = where + "." + member.name;
    const TomlValue& value = member.value;
    ManifestRequirement out{read_key(member, where), "*", {}, {}, {}, member.location};
    if (value.get_if<TomlValue::Table>() == nullptr) {
        if (value.get_if<TomlValue::Array>() != nullptr || value.get_if<bool>() != nullptr) {
            complain_at(value.location,
                        fmt::format("`{}` must be a string or a table, not {}", key, value.kind()));
        }
        out.specifier = read_specifier(value, key);
        return out;
    }
    refuse_places(value, key);
    expect_keys(value, key, known);
    if (const TomlValue* const version = value.find("version")) {
        out.specifier = read_specifier(*version, key + ".version");
    }
    if (const TomlValue* const extras = value.find("extras")) {
        out.extras = read_extras(*extras, key + ".extras");
    }
    if (const TomlValue* const marker = value.find("marker")) {
        out.marker = read_words(*marker, key + ".marker");
    }
    if (const TomlValue* const index = value.find("index")) {
        out.index = expect_string(*index, key + ".index");
    }
    return out;
}

/// Other tools' keys for packages that come from no index.
void refuse_places(const TomlValue& table, const std::string& key) {
    for (const TomlValue::Member& member : expect_table(table, key)) {
        for (const std::string_view place : {"path", "git", "url"}) {
            if (member.name == place) {
                complain_at(member.location,
                            fmt::format("`{}` names a place by `{}`, and wheels come from indexes "
                                        "only",
                                        key, place),
                            "put the wheel on an index (a folder of `file://` pages will do) and "
                            "name that under `[indexes]`");
            }
        }
    }
}

CondaRequirement read_conda_requirement(const TomlValue::Member& member, const std::string& where) {
    const std::string key = where + "." + member.name;
    const std::optional<PackageName> name = PackageName::parse_conda(member.name);
    if (!name) {
        complain_at(
            member.location,
            fmt::format("{} in `{}` is no conda package's name", toml_quoted(member.name), where),
            "lower-case letters, digits, `.`, `_` and `-`");
    }
    CondaRequirement out{*name, "*", {}, {}, member.location};
    const TomlValue& value = member.value;
    if (value.get_if<TomlValue::Table>() == nullptr) {
        out.specifier = read_conda_words(value, key);
        return out;
    }
    expect_keys(value, key, Keys{"version", "build", "channel"});
    if (const TomlValue* const version = value.find("version")) {
        out.specifier = read_conda_words(*version, key + ".version");
    }
    if (const TomlValue* const build = value.find("build")) {
        out.build = read_conda_words(*build, key + ".build");
    }
    if (const TomlValue* const channel = value.find("channel")) {
        out.channel = expect_string(*channel, key + ".channel");
    }
    return out;
}

std::string read_conda_words(const TomlValue& value, const std::string& key) {
    if (value.get_if<TomlValue::Array>() != nullptr || value.get_if<bool>() != nullptr) {
        complain_at(value.location,
                    fmt::format("`{}` must be a string or a table, not {}", key, value.kind()));
    }
    return read_specifier(value, key);
}

std::vector<PackageName> read_extras(const TomlValue& value, const std::string& key) {
    std::vector<PackageName> extras;
    for (const TomlValue& item : expect_array(value, key)) {
        const std::string& text = expect_string(item, key);
        const std::optional<PackageName> extra = PackageName::parse(text);
        if (!extra) {
            complain_at(item.location, fmt::format("{} is no extra's name", toml_quoted(text)));
        }
        extras.push_back(*extra);
    }
    std::sort(extras.begin(), extras.end());
    extras.erase(std::unique(extras.begin(), extras.end()), extras.end());
    return extras;
}

void check_unique(const TomlValue& table, const std::string& where) {
    std::map<PackageName, const TomlValue::Member*> seen;
    for (const TomlValue::Member& member : expect_table(table, where)) {
        const auto [first, is_new] = seen.emplace(read_key(member, where), &member);
        if (!is_new) {
            complain_at(
                member.location,
                fmt::format("`{}` is `{}` again in `{}`", member.name, first->second->name, where),
                fmt::format("the first is at {}; the spellings mean one package",
                            first->second->location.text()));
        }
    }
}

} // namespace

} // namespace envpm::manifest
