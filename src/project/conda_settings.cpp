#include "project/conda_settings.h"

#include "base/error.h"
#include "base/files.h"
#include "base/url.h"
#include "manifest/channels.h"
#include "manifest/index_url.h"
#include "model/store_paths.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::project {

namespace {

using std::filesystem::path;

constexpr std::string_view defaults_place = "https://repo.anaconda.com/";

void add_folder(std::vector<path>& files, const path& folder);
Mirror place_below(const std::string& base, std::string_view rest, const std::string& origin,
                   std::string_view key);
std::string checked(std::string url, const std::string& origin);

} // namespace

CondaSettingFiles conda_setting_files(const Variables& variables) {
    CondaSettingFiles out;
    if (const auto file = variables.find("CONDARC")) {
        out.files.emplace_back(*file);
    }
    // Within an environment of envpm it is that one, where packages must not say where to look.
    const auto prefix = variables.find("CONDA_PREFIX");
    std::error_code ignored;
    if (prefix && prefix != variables.find("ENVPM_PREFIX") &&
        !std::filesystem::exists(manifest_path(*prefix), ignored)) {
        add_folder(out.files, *prefix);
    }
    if (const auto home = variables.find("HOME")) {
        out.files.push_back(path(*home) / ".condarc");
        add_folder(out.files, path(*home) / ".conda");
        add_folder(out.files, path(*home) / ".config/conda");
    }
    if (const auto folder = variables.find("XDG_CONFIG_HOME")) {
        add_folder(out.files, path(*folder) / "conda");
    }
    add_folder(out.files, "/var/lib/conda");
    add_folder(out.files, "/etc/conda");
    out.channel_alias = variables.find("CONDA_CHANNEL_ALIAS");
    return out;
}

CondaSettings CondaSettings::read(const CondaSettingFiles& files) {
    CondaSettings settings;
    settings.alias_variable_ = files.channel_alias;
    for (const path& file : files.files) {
        if (const auto text = read_file_if_present(file)) {
            settings.files_.push_back({file.string(), parse_yaml(*text, file.string())});
        }
    }
    return settings;
}

std::optional<Mirror> CondaSettings::place_of(std::string_view public_url) const {
    if (public_url.starts_with(manifest::public_channels)) {
        const std::string channel(public_url.substr(manifest::public_channels.size()));
        auto place = custom(channel);
        return place ? place : alias(channel);
    }
    if (public_url.starts_with(defaults_place)) {
        const std::string channel(public_url.substr(defaults_place.size()));
        auto place = custom(channel);
        return place ? place : from_defaults(channel);
    }
    return std::nullopt;
}

/// `custom_channels` has the place that the channel's name is joined to.
std::optional<Mirror> CondaSettings::custom(const std::string& channel) const {
    for (const File& file : files_) {
        const YamlValue* const table = file.content.find("custom_channels");
        const YamlValue* const base = table != nullptr ? table->find(channel) : nullptr;
        if (base != nullptr && base->get_if<std::string>() != nullptr) {
            return place_below(*base->get_if<std::string>(), channel,
                               base->location(file.name).text(), "custom_channels");
        }
    }
    return std::nullopt;
}

/// `default_channels` has whole URLs; that of `pkgs/main` ends so.
std::optional<Mirror> CondaSettings::from_defaults(std::string_view channel) const {
    for (const File& file : files_) {
        const YamlValue* const list = file.content.find("default_channels");
        const auto* const urls = list != nullptr ? list->get_if<YamlValue::List>() : nullptr;
        if (urls == nullptr) {
            continue;
        }
        for (const YamlValue& item : *urls) {
            const auto* const url = item.get_if<std::string>();
            if (url != nullptr && url->find("://") != std::string::npos &&
                url->substr(0, url->find_last_not_of('/') + 1)
                    .ends_with(fmt::format("/{}", channel))) {
                return place_below(*url, "", item.location(file.name).text(), "default_channels");
            }
        }
        return std::nullopt;
    }
    return std::nullopt;
}

std::optional<Mirror> CondaSettings::alias(const std::string& channel) const {
    if (alias_variable_) {
        return place_below(*alias_variable_, channel, "CONDA_CHANNEL_ALIAS", "");
    }
    for (const File& file : files_) {
        const YamlValue* const base = file.content.find("channel_alias");
        if (base != nullptr && base->get_if<std::string>() != nullptr) {
            return place_below(*base->get_if<std::string>(), channel,
                               base->location(file.name).text(), "channel_alias");
        }
    }
    return std::nullopt;
}

namespace {

/// The strongest first, as conda has them within a folder.
void add_folder(std::vector<path>& files, const path& folder) {
    std::vector<path> parts;
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "condarc.d", failure)) {
        const path extension = entry.path().extension();
        if (extension == ".yml" || extension == ".yaml") {
            parts.push_back(entry.path());
        }
    }
    std::sort(parts.rbegin(), parts.rend());
    files.insert(files.end(), parts.begin(), parts.end());
    files.push_back(folder / "condarc");
    files.push_back(folder / ".condarc");
}

Mirror place_below(const std::string& base, std::string_view rest, const std::string& origin,
                   std::string_view key) {
    const std::string place = key.empty() ? origin : fmt::format("{} ({})", origin, key);
    std::string url = checked(base, place);
    if (!rest.empty()) {
        url += fmt::format("/{}", rest);
    }
    return {std::move(url), place, MirrorKind::conda};
}

/// As a URL without a slash at its end. Conda takes a folder's path for one too, and user and
/// password in it, as pip does.
std::string checked(std::string url, const std::string& origin) {
    if (url.starts_with('/')) {
        url.insert(0, "file://");
    }
    url.erase(url.find_last_not_of('/') + 1);
    if (url.find('$') != std::string::npos || url.find("/t/") != std::string::npos) {
        throw Error({"a channel's place with a variable or a token in it is not taken", origin,
                     "give its URL under `[mirrors]` of envpm's configuration, and credentials in "
                     "~/.netrc"});
    }
    if (const auto fault =
            manifest::fault_of_source_url(without_credentials(url), "a channel URL")) {
        throw Error({fault->what, origin, fault->hint});
    }
    return url;
}

} // namespace

} // namespace envpm::project
