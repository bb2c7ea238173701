#include "manifest/files.h"

#include "base/toml_fields.h"

#include <fmt/format.h>

namespace envpm::manifest {

namespace {

PathPattern read_path(const std::string& text, const SourceLocation& location);

} // namespace

std::vector<FileRule> read_files(const TomlValue& table, const std::string& where) {
    std::vector<FileRule> rules;
    for (const TomlValue::Member& member : expect_table(table, where)) {
        const std::string& package = expect_string(member.value, where + "." + member.name);
        if (!PackageName::parse_either(package)) {
            complain_at(member.value.location,
                        fmt::format("{} is no package's name", toml_quoted(package)),
                        "the package whose file is to stand at the path");
        }
        rules.push_back({read_path(member.name, member.location), package, member.location});
    }
    return rules;
}

std::vector<PathPattern> read_outside_links(const TomlValue& value) {
    std::vector<PathPattern> paths;
    for (const TomlValue& item : expect_array(value, "workspace.outside-links")) {
        paths.push_back(read_path(expect_string(item, "workspace.outside-links"), item.location));
    }
    return paths;
}

namespace {

PathPattern read_path(const std::string& text, const SourceLocation& location) {
    const std::optional<PathPattern> path = PathPattern::parse(text);
    if (!path) {
        complain_at(location, fmt::format("{} is no path of an environment", toml_quoted(text)),
                    "as in `share/doc/readme.txt`; `*` stands for any text within a name, `**` "
                    "for any text");
    }
    return *path;
}

} // namespace

} // namespace envpm::manifest
