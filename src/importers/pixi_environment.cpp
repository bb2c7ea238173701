#include "importers/pixi_environment.h"

#include "base/toml_fields.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::importers {

namespace {

constexpr std::string_view default_name = "default";

void read_one(const TomlValue& value, PixiEnvironment& environment, Imported& imported);

} // namespace

bool PixiEnvironment::has(std::string_view feature) const {
    return std::find(features.begin(), features.end(), feature) != features.end();
}

std::string PixiEnvironment::does_not_have_it() const {
    return fmt::format("pixi's environment `{}` does not have it", name);
}

PixiEnvironment read_pixi_environment(const TomlValue& pixi, std::string_view name,
                                      const std::string& file, Imported& imported) {
    PixiEnvironment environment{std::string(name), {}};
    std::vector<std::string> known = {std::string(default_name)};
    bool is_there = name == default_name;
    if (const TomlValue* const table = pixi.find("environments")) {
        for (const TomlValue::Member& member : expect_table(*table, "environments")) {
            if (member.name == name) {
                is_there = true;
                read_one(member.value, environment, imported);
                continue;
            }
            imported.leave(member.location, fmt::format("environment `{}`", member.name),
                           fmt::format("an envpm.toml is one environment, here pixi's `{}`; "
                                       "import it into another folder with `--environment {}`",
                                       name, member.name));
            if (member.name != default_name) {
                known.push_back(member.name);
            }
        }
    }
    if (!is_there) {
        complain_at({file, 0, 0}, fmt::format("there is no environment `{}`", name),
                    known_words(name, known));
    }
    return environment;
}

namespace {

/// `["a"]`, or a table with `features`.
void read_one(const TomlValue& value, PixiEnvironment& environment, Imported& imported) {
    const std::string key = "environments." + environment.name;
    if (value.get_if<TomlValue::Array>() != nullptr) {
        environment.features = expect_strings(value, key);
        return;
    }
    for (const TomlValue::Member& member : expect_table(value, key)) {
        if (member.name == "features") {
            environment.features = expect_strings(member.value, key);
        } else if (member.name == "no-default-feature") {
            environment.has_default_feature =
                !expect_boolean(member.value, key + ".no-default-feature");
        } else if (member.name == "solve-group") {
            imported.leave(member.location, fmt::format("`{}.solve-group`", key),
                           "each envpm.toml has a lock of its own");
        } else {
            imported.leave(member.location, fmt::format("`{}.{}`", key, member.name),
                           "envpm.toml has nothing like it");
        }
    }
}

} // namespace

} // namespace envpm::importers
