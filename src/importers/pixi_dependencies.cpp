#include "importers/pixi_dependencies.h"

#include "base/toml_fields.h"
#include "importers/pip_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace envpm::importers {

namespace {

/// A key of pixi and its word in a match spec.
struct FieldName {
    std::string_view key;
    std::string_view word;
};

constexpr std::array<FieldName, 11> fields{{{"version", "version"},
                                            {"build", "build"},
                                            {"build-number", "build_number"},
                                            {"channel", "channel"},
                                            {"subdir", "subdir"},
                                            {"file-name", "fn"},
                                            {"md5", "md5"},
                                            {"sha256", "sha256"},
                                            {"license", "license"},
                                            {"license-family", "license_family"},
                                            {"track-features", "track_features"}}};

std::string spec_text(const TomlValue::Member& member, const std::string& key, Imported& imported);
bool is_from_source(const TomlValue::Member& member, const std::string& key, Imported& imported);

/// The parts of a requirement as pixi writes them.
struct WheelParts {
    std::string version;
    std::string extras; ///< in brackets
    std::string marker;
    decltype(ImportedWheel::index_url) index_url;
};

void read_wheel_field(const TomlValue::Member& field, const std::string& key, WheelParts& parts,
                      Imported& imported);
ImportedWheel read_wheel(const TomlValue::Member& member, const std::string& key,
                         Imported& imported);
std::string text_of(const TomlValue& value, const std::string& key);

} // namespace

void read_pixi_dependencies(const TomlValue& table, const std::string& where,
                            std::optional<Platform> platform, Imported& imported) {
    for (const TomlValue::Member& member : expect_table(table, where)) {
        const std::string key = where + "." + member.name;
        if (!is_from_source(member, key, imported)) {
            imported.specs.push_back({spec_text(member, key, imported), member.location, platform});
        }
    }
}

void read_pixi_wheels(const TomlValue& table, const std::string& where,
                      std::optional<Platform> platform, Imported& imported) {
    for (const TomlValue::Member& member : expect_table(table, where)) {
        const std::string key = where + "." + member.name;
        if (!is_from_source(member, key, imported)) {
            ImportedWheel wheel = read_wheel(member, key, imported);
            wheel.platform = platform;
            imported.wheels.push_back(std::move(wheel));
        }
    }
}

namespace {

std::string spec_text(const TomlValue::Member& member, const std::string& key, Imported& imported) {
    if (member.value.get_if<TomlValue::Table>() == nullptr) {
        return member.name + " " + expect_string(member.value, key);
    }
    std::string out;
    for (const TomlValue::Member& field : expect_table(member.value, key)) {
        const auto* const found =
            std::find_if(fields.begin(), fields.end(),
                         [&](const FieldName& candidate) { return candidate.key == field.name; });
        if (found == fields.end()) {
            imported.leave(field.location, fmt::format("`{}` of `{}`", field.name, key),
                           "a requirement of envpm has no such field");
            continue;
        }
        const std::string text = text_of(field.value, key + "." + field.name);
        if (text.find_first_of("'\\") != std::string::npos) {
            complain_at(field.value.location, fmt::format("`{}.{}` holds a quote", key, field.name),
                        "leave out the quotes and backslashes");
        }
        out += fmt::format("{}{}='{}'", out.empty() ? "" : ", ", found->word, text);
    }
    return out.empty() ? member.name : member.name + "[" + out + "]";
}

bool is_from_source(const TomlValue::Member& member, const std::string& key, Imported& imported) {
    for (const char* source : {"path", "git", "url"}) {
        if (member.value.find(source) != nullptr) {
            imported.leave(member.location, fmt::format("`{}`", key),
                           fmt::format("it comes from a `{}`; envpm takes packages from channels "
                                       "and wheels from indexes only",
                                       source));
            return true;
        }
    }
    return false;
}

ImportedWheel read_wheel(const TomlValue::Member& member, const std::string& key,
                         Imported& imported) {
    WheelParts parts;
    if (member.value.get_if<TomlValue::Table>() == nullptr) {
        parts.version = expect_string(member.value, key);
    } else {
        for (const TomlValue::Member& field : expect_table(member.value, key)) {
            read_wheel_field(field, key, parts, imported);
        }
    }
    ImportedWheel wheel{member.name + parts.extras, member.location};
    wheel.index_url = parts.index_url;
    wheel.text += parts.version == "*" ? "" : " " + parts.version;
    wheel.text += parts.marker.empty() ? "" : " ; " + parts.marker;
    return wheel;
}

void read_wheel_field(const TomlValue::Member& field, const std::string& key, WheelParts& parts,
                      Imported& imported) {
    const std::string where = key + "." + field.name;
    if (field.name == "version") {
        parts.version = expect_string(field.value, where);
    } else if (field.name == "extras") {
        parts.extras = fmt::format("[{}]", fmt::join(expect_strings(field.value, where), ","));
    } else if (field.name == "env-markers") {
        parts.marker = expect_string(field.value, where);
    } else if (field.name == "index") {
        parts.index_url = without_passwords(expect_string(field.value, where));
    } else {
        imported.leave(field.location, fmt::format("`{}` of `{}`", field.name, key),
                       "a requirement of envpm has no such field");
    }
}

/// A build number may be a number.
std::string text_of(const TomlValue& value, const std::string& key) {
    if (const auto* const number = value.get_if<std::int64_t>()) {
        return std::to_string(*number);
    }
    return expect_string(value, key);
}

} // namespace

} // namespace envpm::importers
