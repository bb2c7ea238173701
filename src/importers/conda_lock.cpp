#include "importers/conda_lock.h"

#include "base/toml_fields.h"
#include "importers/package_place.h"
#include "importers/pip_lines.h"
#include "importers/platforms.h"
#include "importers/yaml_fields.h"

#include <fmt/format.h>

#include <map>

namespace envpm::importers {

namespace {

/// Packages of one kind that are left, told of in one line.
struct Group {
    std::size_t count = 0;
    SourceLocation first;
};

/// What the packages have come to so far.
struct Reading {
    const std::string& file;
    Imported imported = {};
    std::map<std::string, Group> categories = {}; ///< other than `main`
    Group hashes = {};
};

void check_version(const YamlValue& root, const std::string& file);
void read_metadata(const YamlValue& metadata, Reading& reading);
void read_package(const YamlValue& package, Reading& reading);
void read_conda_package(const YamlValue& package, Platform platform, Reading& reading);
void read_wheel(const YamlValue& package, Platform platform, Reading& reading);
const std::string& text_of(const YamlValue& package, std::string_view name,
                           const std::string& file);
void count(Group& group, const SourceLocation& location);

} // namespace

Imported read_conda_lock(const YamlValue& root, const std::string& file) {
    check_version(root, file);
    Reading reading{file};
    Imported& imported = reading.imported;
    read_metadata(*root.find("metadata"), reading);
    for (const YamlValue& package : expect_list(*root.find("package"), "package", file)) {
        read_package(package, reading);
    }
    for (const auto& [category, group] : reading.categories) {
        imported.leave(group.first,
                       fmt::format("packages of category `{}` ({})", category, group.count),
                       "an envpm.toml is one environment; this is the category `main`");
    }
    if (imported.targets.empty() && !imported.remarks.left.empty() && imported.specs.empty() &&
        imported.wheels.empty()) {
        complain_at(root.location(file), "the lock is for no platform that envpm knows",
                    "it knows `linux-64` and `linux-aarch64`");
    }
    imported.change(root.find("package")->location(file),
                    fmt::format("packages ({})", imported.specs.size() + imported.wheels.size()),
                    "the direct requirements are not in a lock file, so each is an exact pin; "
                    "import the environment.yml that it was made from to have those instead");
    if (reading.hashes.count > 0) {
        imported.change(reading.hashes.first, fmt::format("hashes ({})", reading.hashes.count),
                        "a manifest has none; `envpm lock` writes a sha256 of every package");
    }
    return std::move(imported);
}

namespace {

void check_version(const YamlValue& root, const std::string& file) {
    const YamlValue* const version = root.find("version");
    const std::string* const text = version == nullptr ? nullptr : version->get_if<std::string>();
    if (text == nullptr || *text != "1") {
        complain_at((version == nullptr ? root : *version).location(file),
                    "this is no conda-lock.yml of version 1",
                    "lock again with conda-lock 1.0 or later");
    }
}

void read_metadata(const YamlValue& metadata, Reading& reading) {
    const std::string& file = reading.file;
    for (const YamlValue::Member& member : expect_map(metadata, "metadata", file)) {
        if (member.name == "channels") {
            for (const YamlValue& channel : expect_list(member.value, "channels", file)) {
                const bool is_text = channel.get_if<std::string>() != nullptr;
                const YamlValue& url =
                    is_text || channel.find("url") == nullptr ? channel : *channel.find("url");
                reading.imported.channels.push_back(
                    {expect_text(url, "channels.url", file), url.location(file)});
            }
        } else if (member.name == "platforms") {
            for (const YamlValue& platform : expect_list(member.value, "platforms", file)) {
                add_platform(expect_text(platform, "platforms", file), platform.location(file),
                             reading.imported);
            }
        }
    }
}

void read_package(const YamlValue& package, Reading& reading) {
    const std::string& file = reading.file;
    expect_map(package, "package", file);
    const std::optional<Platform> platform = parse_platform(text_of(package, "platform", file));
    if (!platform) {
        return; // `metadata.platforms` was told of
    }
    const YamlValue* const category = package.find("category");
    if (category != nullptr && expect_text(*category, "category", file) != "main") {
        count(reading.categories[*category->get_if<std::string>()], package.location(file));
        return;
    }
    if (const YamlValue* const hash = package.find("hash")) {
        count(reading.hashes, hash->location(file));
    }
    const std::string& manager = text_of(package, "manager", file);
    if (manager == "conda") {
        read_conda_package(package, *platform, reading);
    } else if (manager == "pip") {
        read_wheel(package, *platform, reading);
    } else {
        reading.imported.leave(package.location(file),
                               fmt::format("`{}`", text_of(package, "name", file)),
                               fmt::format("envpm does not know its manager `{}`", manager));
    }
}

void read_conda_package(const YamlValue& package, Platform platform, Reading& reading) {
    const YamlValue* const url = package.find("url");
    const std::string text = without_passwords(text_of(package, "url", reading.file));
    const std::string& name = text_of(package, "name", reading.file);
    const PackagePlace place = place_of(text);
    if (place.channel.empty()) {
        complain_at(url->location(reading.file),
                    fmt::format("`{}` is no URL of a package in a channel", text),
                    "it is as https://example.org/channel/linux-64/name-1.0-build.conda");
    }
    if (!place.file.starts_with(name + "-")) {
        complain_at(url->location(reading.file),
                    fmt::format("the package is `{}`, and its URL leads to `{}`", name, place.file),
                    "lock again with conda-lock");
    }
    reading.imported.specs.push_back({text, url->location(reading.file), platform, true});
}

/// A wheel by its version; what came from elsewhere has a URL that is no wheel's.
void read_wheel(const YamlValue& package, Platform platform, Reading& reading) {
    const std::string& name = text_of(package, "name", reading.file);
    const std::string& version = text_of(package, "version", reading.file);
    const YamlValue* const source = package.find("source");
    if (source != nullptr && !source->is_null()) {
        reading.imported.leave(package.location(reading.file), fmt::format("`{}`", name),
                               "it is not from an index, and wheels come from indexes only");
        return;
    }
    reading.imported.wheels.push_back(
        {fmt::format("{}=={}", name, version), package.location(reading.file), platform, {}, true});
}

const std::string& text_of(const YamlValue& package, std::string_view name,
                           const std::string& file) {
    const YamlValue* const value = package.find(name);
    if (value == nullptr) {
        complain_at(package.location(file), fmt::format("the package has no `{}`", name),
                    "lock again with conda-lock");
    }
    return expect_text(*value, name, file);
}

void count(Group& group, const SourceLocation& location) {
    if (group.count++ == 0) {
        group.first = location;
    }
}

} // namespace

} // namespace envpm::importers
