#include "manifest/tables.h"

#include "base/ascii.h"
#include "base/moment.h"
#include "base/toml_fields.h"
#include "manifest/channels.h"
#include "manifest/files.h"
#include "manifest/gpu.h"
#include "manifest/index_url.h"
#include "manifest/requirements.h"
#include "model/plain_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace envpm::manifest {

namespace {

using Keys = std::vector<std::string>;
using Release = std::array<int, 3>;

void check_requires_envpm(const TomlValue& value, Manifest& manifest);
std::optional<Release> parse_release(std::string_view text);
void read_workspace(const TomlValue& table, const Dialect& dialect, Manifest& manifest);
Prereleases read_prereleases(const TomlValue& value);
IndexEntry read_index(const TomlValue::Member& member, const std::string& where);
Target read_target(const TomlValue::Member& member, const std::string& where);
Task read_task(const TomlValue::Member& member, const std::string& where);
void read_activation(const TomlValue& table, const Dialect& dialect, Manifest& manifest);
void check_channels(const Manifest& manifest);
void expect_plain_name(const TomlValue::Member& member, std::string_view of_what);
std::string expect_text(const TomlValue& value, std::string_view key);

} // namespace

void read_tables(const TomlValue& root, const Dialect& dialect, Manifest& manifest) {
    const auto name = [&](const char* table) { return dialect.prefix + table; };
    const TomlValue* const workspace = root.find("workspace");
    if (workspace != nullptr && workspace->find("requires-envpm") != nullptr) {
        check_requires_envpm(*workspace->find("requires-envpm"), manifest);
    }
    expect_keys(root, dialect.prefix.empty() ? "the manifest" : "tool.envpm",
                Keys{"workspace", "dependencies", "pypi-dependencies", "indexes", "channels", "gpu",
                     "targets", "constraints", "overrides", "files", "tasks", "activation"});
    const auto whole = [&](const char* table, const auto& read_table) {
        if (const TomlValue* const value = root.find(table)) {
            read_table(*value, name(table));
        }
    };
    const auto each = [&](const char* table, const auto& read_member) {
        whole(table, [&](const TomlValue& value, const std::string& where) {
            for (const TomlValue::Member& member : expect_table(value, where)) {
                read_member(member, where);
            }
        });
    };
    if (workspace != nullptr) {
        read_workspace(*workspace, dialect, manifest);
    }
    manifest.channels = read_channels(workspace == nullptr ? nullptr : workspace->find("channels"),
                                      root.find("channels"), name("channels"));
    whole("dependencies", [&](const TomlValue& table, const std::string& where) {
        manifest.dependencies = read_dependencies(table, where);
    });
    whole("pypi-dependencies", [&](const TomlValue& table, const std::string& where) {
        manifest.pypi_dependencies = read_pypi_dependencies(table, where);
    });
    whole("constraints", [&](const TomlValue& table, const std::string& where) {
        manifest.constraints = read_constraints(table, where);
    });
    whole("overrides", [&](const TomlValue& table, const std::string& where) {
        manifest.overrides = read_overrides(table, where);
    });
    whole("files", [&](const TomlValue& table, const std::string& where) {
        manifest.files = read_files(table, where);
    });
    whole("activation", [&](const TomlValue& table, const std::string& /*where*/) {
        read_activation(table, dialect, manifest);
    });
    whole("gpu", [&](const TomlValue& table, const std::string& where) {
        manifest.gpu = read_gpu(table, where);
    });
    each("indexes", [&](const TomlValue::Member& member, const std::string& where) {
        manifest.indexes.push_back(read_index(member, where));
    });
    each("targets", [&](const TomlValue::Member& member, const std::string& where) {
        manifest.targets.push_back(read_target(member, where));
        manifest.declared_gpus.emplace(member.name,
                                       read_declared_gpu(member.value, where + "." + member.name));
    });
    each("tasks", [&](const TomlValue::Member& member, const std::string& where) {
        manifest.tasks.push_back(read_task(member, where));
    });
}

void complete(Manifest& manifest, Platform platform) {
    Keys known = {"pypi"};
    for (const IndexEntry& index : manifest.indexes) {
        known.push_back(index.name);
    }
    for (const ManifestRequirement& requirement : manifest.pypi_dependencies) {
        if (requirement.index &&
            std::find(known.begin(), known.end(), *requirement.index) == known.end()) {
            complain_at(requirement.location,
                        fmt::format("`{}` names the index {}, which is not declared",
                                    requirement.name.string(), toml_quoted(*requirement.index)),
                        known_words(*requirement.index, known));
        }
    }
    check_channels(manifest);
    if (manifest.targets.empty()) {
        manifest.targets.push_back({"default", platform, {}});
    }
}

bool is_workspace_name(std::string_view text) {
    constexpr std::size_t longest = 100;
    return text.size() <= longest && text.find_first_not_of(' ') != std::string_view::npos &&
           std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return c >= ' ' && c != 0x7f; });
}

namespace {

void check_requires_envpm(const TomlValue& value, Manifest& manifest) {
    const std::string& text = expect_string(value, "requires-envpm");
    std::string_view rest = text;
    const bool is_at_least = rest.starts_with(">=");
    rest.remove_prefix(is_at_least ? 2 : 0);
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(' ')));
    const std::optional<Release> wanted = parse_release(rest);
    if (!is_at_least || !wanted) {
        complain_at(value.location, "`requires-envpm` must be like `>=0.1` or `>=0.1.2`");
    }
    if (parse_release(ENVPM_VERSION) < wanted) {
        complain_at(value.location,
                    fmt::format("the manifest needs envpm {}, this is {}", text, ENVPM_VERSION),
                    "update envpm");
    }
    manifest.requires_envpm = text;
}

/// "X.Y" or "X.Y.Z".
std::optional<Release> parse_release(std::string_view text) {
    Release release = {0, 0, 0};
    for (std::size_t part = 0; part < release.size(); ++part) {
        const char* const end = text.data() + text.size();
        const auto number = std::from_chars(text.data(), end, release.at(part));
        if (number.ec != std::errc() || release.at(part) < 0) {
            return std::nullopt;
        }
        if (number.ptr == end) {
            return part >= 1 ? std::optional(release) : std::nullopt;
        }
        if (*number.ptr != '.') {
            return std::nullopt;
        }
        text.remove_prefix(static_cast<std::size_t>(number.ptr - text.data()) + 1);
    }
    return std::nullopt;
}

void read_workspace(const TomlValue& table, const Dialect& dialect, Manifest& manifest) {
    Keys known = {"name",        "channels",       "channel-priority", "exclude-newer",
                  "prereleases", "requires-envpm", "outside-links"};
    known.insert(known.end(), dialect.more_workspace_keys.begin(),
                 dialect.more_workspace_keys.end());
    expect_keys(table, dialect.prefix + "workspace", known);
    if (const TomlValue* const name = table.find("name")) {
        manifest.name = expect_string(*name, "name");
        if (!is_workspace_name(manifest.name)) {
            complain_at(name->location, "`name` must be 1 to 100 printable characters");
        }
    }
    if (const TomlValue* const time = table.find("exclude-newer")) {
        manifest.exclude_newer = normal_time(expect_string(*time, "exclude-newer"));
        if (!manifest.exclude_newer) {
            complain_at(time->location, "`exclude-newer` must be a date or a time with its offset",
                        "as in `2026-11-01` or `2026-11-01T12:00:00Z`");
        }
    }
    if (const TomlValue* const value = table.find("prereleases")) {
        manifest.prereleases = read_prereleases(*value);
    }
    if (const TomlValue* const value = table.find("channel-priority")) {
        manifest.channel_priority = read_channel_priority(*value);
    }
    if (const TomlValue* const value = table.find("outside-links")) {
        manifest.outside_links = read_outside_links(*value);
    }
}

Prereleases read_prereleases(const TomlValue& value) {
    const std::string& text = expect_string(value, "prereleases");
    if (text == "if-necessary") {
        return Prereleases::if_necessary;
    }
    if (text == "allow") {
        return Prereleases::allow;
    }
    if (text != "never") {
        complain_at(value.location, fmt::format("`prereleases` cannot be {}", toml_quoted(text)),
                    known_words(text, Keys{"if-necessary", "allow", "never"}));
    }
    return Prereleases::never;
}

IndexEntry read_index(const TomlValue::Member& member, const std::string& where) {
    const std::string key = where + "." + member.name;
    expect_plain_name(member, "an index");
    IndexEntry entry{member.name, {}, false, member.location};
    const TomlValue* url = &member.value;
    if (member.value.get_if<TomlValue::Table>() != nullptr) {
        expect_keys(member.value, key, Keys{"url", "explicit"});
        url = member.value.find("url");
        if (url == nullptr) {
            complain_at(member.location, fmt::format("`url` is missing in `{}`", key));
        }
        if (const TomlValue* const value = member.value.find("explicit")) {
            entry.is_explicit = expect_boolean(*value, key + ".explicit");
        }
    }
    entry.url = expect_string(*url, key);
    if (auto fault = fault_of_source_url(entry.url, "an index URL")) {
        complain_at(url->location, fmt::format("`{}`: {}", key, fault->what), fault->hint);
    }
    return entry;
}

Target read_target(const TomlValue::Member& member, const std::string& where) {
    const std::string key = where + "." + member.name;
    expect_plain_name(member, "a target");
    expect_keys(member.value, key,
                Keys{"platform", "glibc", "driver", "cuda", "gpus", "accelerator"});
    const TomlValue* const platform_value = member.value.find("platform");
    if (platform_value == nullptr) {
        complain_at(member.location, fmt::format("`platform` is missing in `{}`", key),
                    "known: `linux-64`, `linux-aarch64`");
    }
    const std::string& platform_text = expect_string(*platform_value, key + ".platform");
    const std::optional<Platform> platform = parse_platform(platform_text);
    if (!platform) {
        complain_at(platform_value->location,
                    fmt::format("unknown platform {}", toml_quoted(platform_text)),
                    known_words(platform_text, Keys{"linux-64", "linux-aarch64"}));
    }
    Target target{member.name, *platform, {}};
    if (const TomlValue* const value = member.value.find("glibc")) {
        const std::optional<GlibcVersion> glibc =
            GlibcVersion::parse(expect_string(*value, key + ".glibc"));
        if (!glibc) {
            complain_at(value->location, fmt::format("`{}.glibc` must be like `2.28`", key));
        }
        target.glibc = *glibc;
    }
    return target;
}

Task read_task(const TomlValue::Member& member, const std::string& where) {
    const std::string key = where + "." + member.name;
    expect_plain_name(member, "a task");
    Task task{member.name, expect_text(member.value, key), member.location};
    if (task.command.find_first_not_of(" \t\r\n") == std::string::npos) {
        complain_at(member.value.location, fmt::format("`{}` has no command", key));
    }
    return task;
}

void read_activation(const TomlValue& table, const Dialect& dialect, Manifest& manifest) {
    expect_keys(table, dialect.prefix + "activation", Keys{"conda-scripts", "env"});
    if (const TomlValue* const scripts = table.find("conda-scripts")) {
        manifest.sources_conda_scripts =
            expect_boolean(*scripts, dialect.prefix + "activation.conda-scripts");
    }
    const TomlValue* const env = table.find("env");
    if (env == nullptr) {
        return;
    }
    const std::string where = dialect.prefix + "activation.env";
    for (const TomlValue::Member& member : expect_table(*env, where)) {
        const std::string& name = member.name;
        const bool is_name = !name.empty() && !is_digit(name.front()) &&
                             std::all_of(name.begin(), name.end(),
                                         [](char c) { return is_letter_or_digit(c) || c == '_'; });
        if (!is_name) {
            complain_at(member.location,
                        fmt::format("{} is no environment variable's name", toml_quoted(name)),
                        "letters, digits and `_`, not beginning with a digit");
        }
        manifest.activation_variables.emplace_back(
            name, expect_text(member.value, fmt::format("{}.{}", where, name)));
    }
}

/// Every channel that a requirement names is declared, no source has the name of another, and only
/// `python` can do without a channel.
void check_channels(const Manifest& manifest) {
    Keys known;
    for (const ChannelEntry& channel : manifest.channels) {
        known.push_back(channel.name);
        for (const IndexEntry& index : manifest.indexes) {
            if (index.name == channel.name) {
                complain_at(channel.location,
                            fmt::format("an index is called `{}` as well", channel.name),
                            fmt::format("it is at {}; the lock tells sources apart by name",
                                        index.location.text()));
            }
        }
        if (channel.name == "pypi") {
            complain_at(channel.location, "`pypi` is the Python index, not a channel", {});
        }
    }
    for (const CondaRequirement& requirement : manifest.dependencies) {
        const std::string& name = requirement.name.string();
        if (requirement.channel &&
            std::find(known.begin(), known.end(), *requirement.channel) == known.end()) {
            complain_at(requirement.location,
                        fmt::format("`{}` names the channel {}, which is not declared", name,
                                    toml_quoted(*requirement.channel)),
                        known_words(*requirement.channel, known));
        }
        if (known.empty() && name != "python") {
            complain_at(
                requirement.location,
                fmt::format("`{}` is to come from a conda channel, and none is listed", name),
                "add `channels = [\"conda-forge\"]` to `[workspace]`; wheels go under "
                "`[pypi-dependencies]`");
        }
    }
}

void expect_plain_name(const TomlValue::Member& member, std::string_view of_what) {
    if (!is_plain_name(member.name)) {
        complain_at(member.location,
                    fmt::format("{} cannot name {}", toml_quoted(member.name), of_what),
                    "letters, digits, `.`, `_` and `-`, at most 64");
    }
}

/// What a process is given: any text but NUL, which would end it early.
std::string expect_text(const TomlValue& value, std::string_view key) {
    const std::string& text = expect_string(value, key);
    if (text.find('\0') != std::string::npos) {
        complain_at(value.location, fmt::format("`{}` holds a NUL character", key));
    }
    return text;
}

} // namespace

} // namespace envpm::manifest
