#include "lockfiles/package_reader.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/toml_fields.h"
#include "lockfiles/lock_fields.h"
#include "model/plain_name.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::lockfiles {

namespace {

using Names = std::vector<std::string>;

constexpr std::size_t longest_file_name = 255;

std::string read_subdir(const TomlValue& table);
PackageName read_name(const TomlValue& value, std::string_view key);
PackageName read_conda_name(const TomlValue& value);
std::string read_file_name(const TomlValue& value, const PackageName& name);
std::string read_conda_file_name(const TomlValue& value, const PackageName& name,
                                 const std::string& version);
bool is_plain_file_name(const std::string& file);
Names read_targets(const TomlValue& value, const Names& known);
std::vector<PackageName> read_extras(const TomlValue& value);
Names read_dependencies(const TomlValue& value);
std::vector<PathPattern> read_wins(const TomlValue& value);

} // namespace

LockedPackage read_package(const TomlValue& table, const Names& targets) {
    static const Names known = {"name",   "version", "source", "subdir",   "file",       "size",
                                "sha256", "targets", "extras", "requires", "overridden", "wins"};
    constexpr std::string_view where = "package";
    expect_keys(table, where, known);
    const TomlValue& size = member(table, where, "size");
    const std::int64_t size_bytes = expect_integer(size, "size");
    if (size_bytes < 1 || static_cast<std::uint64_t>(size_bytes) > largest_archive_bytes) {
        complain_at(size.location,
                    fmt::format("`size` must be from 1 to {}", largest_archive_bytes));
    }
    const TomlValue& source = member(table, where, "source");
    if (!is_plain_name(expect_string(source, "source"))) {
        refuse(
            source.location, "`source` must be the plain name of an index or a channel",
            "a lock names no URL; the manifest's `[indexes]` and `[channels]` give names to them");
    }
    const TomlValue& sha256 = member(table, where, "sha256");
    const std::string subdir = read_subdir(table);
    const PackageName name = subdir.empty() ? read_name(member(table, where, "name"), "name")
                                            : read_conda_name(member(table, where, "name"));
    const std::string version = word(member(table, where, "version"), "version", ".+!_-");
    const TomlValue& file = member(table, where, "file");
    LockedPackage package{name,
                          version,
                          expect_string(source, "source"),
                          subdir.empty() ? read_file_name(file, name)
                                         : read_conda_file_name(file, name, version),
                          static_cast<std::uint64_t>(size_bytes),
                          digest(sha256, "sha256", expect_string(sha256, "sha256")),
                          read_targets(member(table, where, "targets"), targets),
                          {},
                          {},
                          false,
                          subdir,
                          {}};
    if (const TomlValue* const value = table.find("extras")) {
        package.extras = read_extras(*value);
    }
    if (const TomlValue* const value = table.find("requires")) {
        package.dependencies = read_dependencies(*value);
    }
    if (const TomlValue* const value = table.find("overridden")) {
        package.is_overridden = expect_boolean(*value, "overridden");
    }
    if (const TomlValue* const value = table.find("wins")) {
        package.wins = read_wins(*value);
    }
    return package;
}

namespace {

/// A wheel's name is joined to folders and URLs later: letters, digits and `._+!-` only, so that it
/// is one component everywhere; and it must be of the package that the block says it is.
std::string read_file_name(const TomlValue& value, const PackageName& name) {
    const std::string& file = expect_string(value, "file");
    const auto dashes = std::count(file.begin(), file.end(), '-');
    if (!is_plain_file_name(file) || !file.ends_with(".whl") || dashes < 4 || dashes > 5) {
        refuse(value.location,
               fmt::format("`file` must be a plain wheel name, not {}", toml_quoted(file)),
               "name-version-python-abi-platform.whl, without a path or a URL");
    }
    if (PackageName::parse(std::string_view(file).substr(0, file.find('-'))) != name) {
        refuse(value.location, fmt::format("`{}` is no file of `{}`", file, name.string()), {});
    }
    return file;
}

/// Empty for a wheel.
std::string read_subdir(const TomlValue& table) {
    const TomlValue* const value = table.find("subdir");
    if (value == nullptr) {
        return {};
    }
    const std::string& subdir = expect_string(*value, "subdir");
    if (subdir != "noarch" && !parse_platform(subdir)) {
        refuse(value->location, fmt::format("there is no subdir {}", toml_quoted(subdir)),
               "`noarch`, `linux-64` or `linux-aarch64`");
    }
    return subdir;
}

PackageName read_conda_name(const TomlValue& value) {
    const std::string& text = expect_string(value, "name");
    const std::optional<PackageName> name = PackageName::parse_conda(text);
    if (!name) {
        complain_at(value.location, fmt::format("`name` must be a conda package's name, not {}",
                                                toml_quoted(text)));
    }
    return *name;
}

/// As for a wheel; a conda package's file says its whole identity (CEP 26).
std::string read_conda_file_name(const TomlValue& value, const PackageName& name,
                                 const std::string& version) {
    const std::string& file = expect_string(value, "file");
    const std::string_view text = file;
    const std::size_t ending = text.ends_with(".conda")     ? text.size() - 6
                               : text.ends_with(".tar.bz2") ? text.size() - 8
                                                            : std::string_view::npos;
    if (!is_plain_file_name(file) || ending == std::string_view::npos) {
        refuse(
            value.location,
            fmt::format("`file` must be a plain conda package's name, not {}", toml_quoted(file)),
            "name-version-build.conda or .tar.bz2, without a path or a URL");
    }
    const std::string begin = name.string() + "-" + version + "-";
    const std::string_view build = text.substr(0, ending);
    if (!build.starts_with(begin) || build.size() == begin.size() ||
        build.find('-', begin.size()) != std::string_view::npos) {
        refuse(value.location,
               fmt::format("`{}` is no file of `{}` {}", file, name.string(), version), {});
    }
    return file;
}

/// One component everywhere, and harmless in a URL.
bool is_plain_file_name(const std::string& file) {
    return file.size() <= longest_file_name && !file.empty() && file.front() != '.' &&
           std::all_of(file.begin(), file.end(), [](char c) {
               return is_letter_or_digit(c) ||
                      std::string_view("._+!-").find(c) != std::string_view::npos;
           });
}

Names read_targets(const TomlValue& value, const Names& known) {
    Names names = expect_strings(value, "targets");
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (std::find(known.begin(), known.end(), names[i]) == known.end()) {
            refuse(expect_array(value, "targets")[i].location,
                   fmt::format("there is no target {} in this lock", toml_quoted(names[i])),
                   known_words(names[i], known));
        }
    }
    std::sort(names.begin(), names.end());
    if (names.empty() || std::adjacent_find(names.begin(), names.end()) != names.end()) {
        complain_at(value.location, "`targets` must name at least one target, each once");
    }
    return names;
}

std::vector<PackageName> read_extras(const TomlValue& value) {
    std::vector<PackageName> extras;
    for (const TomlValue& item : expect_array(value, "extras")) {
        extras.push_back(read_name(item, "extras"));
    }
    std::sort(extras.begin(), extras.end());
    if (std::adjacent_find(extras.begin(), extras.end()) != extras.end()) {
        complain_at(value.location, "`extras` must name each extra once");
    }
    return extras;
}

/// "name", "name specifier" or "name[extra] specifier", in the language of either world. It is only
/// shown, so it needs no more than to be harmless.
Names read_dependencies(const TomlValue& value) {
    Names lines = expect_strings(value, "requires");
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string_view line = lines[i];
        const std::string_view word = line.substr(0, line.find_first_of(" ["));
        const bool has_name = PackageName::parse(word) || PackageName::parse_conda(word);
        const bool is_plain = std::all_of(line.begin(), line.end(), [](char c) {
            return c >= ' ' && c <= '~' && c != '@' && c != '/' && c != '\\';
        });
        if (!has_name || !is_plain) {
            refuse(expect_array(value, "requires")[i].location,
                   fmt::format("`requires` must hold names with specifiers, not {}",
                               toml_quoted(lines[i])),
                   {});
        }
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

std::vector<PathPattern> read_wins(const TomlValue& value) {
    std::vector<PathPattern> paths;
    for (const TomlValue& item : expect_array(value, "wins")) {
        const std::string& text = expect_string(item, "wins");
        const std::optional<PathPattern> path = PathPattern::parse(text);
        if (!path) {
            refuse(
                item.location,
                fmt::format("`wins` must hold paths of the environment, not {}", toml_quoted(text)),
                {});
        }
        paths.push_back(*path);
    }
    std::sort(paths.begin(), paths.end());
    if (std::adjacent_find(paths.begin(), paths.end()) != paths.end()) {
        complain_at(value.location, "`wins` must name each path once");
    }
    return paths;
}

PackageName read_name(const TomlValue& value, std::string_view key) {
    const std::string& text = expect_string(value, key);
    const std::optional<PackageName> name = PackageName::parse(text);
    if (!name || name->string() != text) {
        complain_at(value.location,
                    fmt::format("`{}` must be a normalised name, not {}", key, toml_quoted(text)));
    }
    return *name;
}

} // namespace

} // namespace envpm::lockfiles
