#include "project/settings.h"

#include "base/error.h"
#include "base/files.h"
#include "base/near_miss.h"
#include "base/parse_number.h"
#include "base/toml.h"
#include "manifest/index_url.h"
#include "project/conda_settings.h"
#include "project/pip_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace envpm::project {

namespace {

using std::filesystem::path;

/// All are checked alike, but a bad flag or variable is wrong usage.
struct Origin {
    std::string name; ///< "--link-mode", "ENVPM_JOBS", or a place in a file
    ExitCode code = ExitCode::usage;
};

constexpr const char* project_file = ".envpm/config.toml";
constexpr std::int64_t most_jobs = 1024;
constexpr std::int64_t most_downloads = 64;

path home_below(const Variables& variables, std::string_view xdg_name, std::string_view fallback);
void apply_environment(Settings& settings, const Variables& variables);
void apply_store_environment(Settings& settings, const Variables& variables);
void apply_network_environment(fetch::NetworkSettings& network, const Variables& variables);
void apply_flags(Settings& settings, const SettingFlags& flags);
void apply_pip_index(Settings& settings, const Variables& variables);
void check_homes(const Settings& settings);
void apply_file(Settings& settings, const TomlValue& document);
bool apply_store(Settings& settings, const TomlValue::Member& member);
void apply_network(fetch::NetworkSettings& network, const TomlValue& table);
void apply_mirrors(Settings& settings, const TomlValue& table);
void apply_gpu(Settings& settings, const TomlValue& table);
void apply_conda(Settings& settings, const TomlValue& table);
std::vector<path> config_files(const Variables& variables, const SettingFlags& flags,
                               const std::optional<path>& project);
std::string first_of(const Variables& variables, std::initializer_list<std::string_view> names);
void check_keys(const TomlValue& table, const std::vector<std::string>& known);
Mirror mirror_of(const TomlValue& value);
Origin place_of(const TomlValue& value);
std::filesystem::path absolute_path_of(const TomlValue& value);
std::string path_or_url_of(const TomlValue& value);
realize::LinkMode link_mode_of(std::string_view text, const Origin& origin);
Sharing sharing_of(std::string_view text, const Origin& origin);
Syncing syncing_of(std::string_view text, const Origin& origin);
std::int64_t count_of(std::string_view text, std::int64_t most, const Origin& origin);
std::chrono::milliseconds duration_of(const TomlValue& value);
std::uint64_t bytes_of(const TomlValue& value);
const std::string& string_of(const TomlValue& value, std::string_view wanted = "a string");
[[noreturn]] void throw_bad_value(const TomlValue& value, std::string_view wanted);

} // namespace

Settings load_settings(const Variables& variables, const SettingFlags& flags,
                       const std::optional<path>& project) {
    Settings settings;
    settings.store_root = home_below(variables, "XDG_DATA_HOME", ".local/share");
    settings.cache_root = home_below(variables, "XDG_CACHE_HOME", ".cache");
    // Weakest first, so that a stronger one overwrites.
    for (const path& file : config_files(variables, flags, project)) {
        const auto text = read_file_if_present(file);
        if (!text && flags.config_file) {
            throw Error({fmt::format("there is no configuration `{}`", file.string()),
                         "--config-file", "name a file that is there"});
        }
        if (text) {
            const Sharing trusted = settings.store_policy.sharing;
            apply_file(settings, parse_toml(*text, file.string()));
            if (project && file == *project / project_file) {
                settings.store_policy.sharing = trusted; // a checkout cannot say whom to trust
            }
        }
    }
    apply_environment(settings, variables);
    apply_flags(settings, flags);
    apply_pip_index(settings, variables);
    if (!flags.ignore_files) {
        settings.conda_files = conda_setting_files(variables);
    }
    check_homes(settings);
    return settings;
}

namespace {

path home_below(const Variables& variables, std::string_view xdg_name, std::string_view fallback) {
    const auto folder = variables.find(xdg_name);
    if (folder && path(*folder).is_absolute()) {
        return path(*folder) / "envpm";
    }
    const auto home = variables.find("HOME");
    const bool is_place = home && path(*home).is_absolute(); // else each folder had its own
    return is_place ? path(*home) / fallback / "envpm" : path();
}

void apply_environment(Settings& settings, const Variables& variables) {
    if (const auto root = variables.find("ENVPM_ROOT")) {
        settings.store_root = std::filesystem::absolute(*root);
    }
    apply_store_environment(settings, variables);
    if (const auto root = variables.find("ENVPM_CACHE")) {
        settings.cache_root = std::filesystem::absolute(*root);
    }
    if (const auto mode = variables.find("ENVPM_LINK_MODE")) {
        settings.link_mode = link_mode_of(*mode, {"ENVPM_LINK_MODE"});
    }
    if (const auto jobs = variables.find("ENVPM_JOBS")) {
        settings.jobs = static_cast<std::size_t>(count_of(*jobs, most_jobs, {"ENVPM_JOBS"}));
    }
    if (const auto count = variables.find("ENVPM_CONCURRENT_DOWNLOADS")) {
        settings.network.concurrent_downloads =
            static_cast<int>(count_of(*count, most_downloads, {"ENVPM_CONCURRENT_DOWNLOADS"}));
    }
    apply_network_environment(settings.network, variables);
}

void apply_store_environment(Settings& settings, const Variables& variables) {
    if (const auto lower = variables.find("ENVPM_LOWER_STORE")) {
        settings.lower_store = std::filesystem::absolute(*lower);
    }
    if (const auto shared = variables.find("ENVPM_SHARED_STORE")) {
        settings.store_policy.sharing = sharing_of(*shared, {"ENVPM_SHARED_STORE"});
    }
    if (const auto durability = variables.find("ENVPM_DURABILITY")) {
        settings.store_policy.syncing = syncing_of(*durability, {"ENVPM_DURABILITY"});
    }
}

void apply_network_environment(fetch::NetworkSettings& network, const Variables& variables) {
    // Not HTTP_PROXY: a web server's child would take it from a request's header.
    network.http_proxy = first_of(variables, {"http_proxy", "all_proxy", "ALL_PROXY"});
    network.https_proxy =
        first_of(variables, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
    network.no_proxy = first_of(variables, {"no_proxy", "NO_PROXY"});
    network.ca_file =
        first_of(variables, {"ENVPM_CA_FILE", "PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"});
    network.ca_folder = first_of(variables, {"SSL_CERT_DIR"});
    if (network.ca_file.empty()) {
        if (const auto cert = pip_option(variables, "cert")) {
            network.ca_file = cert->url;
        }
    }
    network.netrc_file = first_of(variables, {"NETRC"});
    const auto home = variables.find("HOME");
    std::error_code unseen; // a home of another user's is one without
    if (network.netrc_file.empty() && home &&
        std::filesystem::exists(path(*home) / ".netrc", unseen)) {
        network.netrc_file = (path(*home) / ".netrc").string();
    }
}

void apply_flags(Settings& settings, const SettingFlags& flags) {
    if (flags.jobs) {
        settings.jobs = *flags.jobs;
    }
    if (flags.concurrent_downloads) {
        settings.network.concurrent_downloads = *flags.concurrent_downloads;
    }
    if (flags.link_mode) {
        settings.link_mode = link_mode_of(*flags.link_mode, {"--link-mode"});
    }
}

/// pip's index is the default of `pypi`, and what "default" means in a list of its mirrors.
void apply_pip_index(Settings& settings, const Variables& variables) {
    const std::optional<Mirror> index = pip_index(variables);
    if (!index) {
        return;
    }
    std::vector<Mirror>& mirrors = settings.mirrors["pypi"];
    if (mirrors.empty()) {
        mirrors.push_back(*index);
    }
    for (Mirror& mirror : mirrors) {
        if (mirror.url == "default") {
            mirror = *index;
        }
    }
}

void check_homes(const Settings& settings) {
    if (settings.store_root.empty() || settings.cache_root.empty()) {
        throw Error({"there is no home folder to keep the store and the cache in", "HOME",
                     "set HOME, or ENVPM_ROOT and ENVPM_CACHE"});
    }
}

void apply_file(Settings& settings, const TomlValue& document) {
    check_keys(document, {"mirrors", "network", "store", "shared-store", "lower-store",
                          "durability", "cache", "link-mode", "gpu", "conda"});
    for (const TomlValue::Member& member : *document.get_if<TomlValue::Table>()) {
        const auto& [name, location, value] = member;
        if (apply_store(settings, member)) {
            continue;
        }
        if (name == "mirrors") {
            apply_mirrors(settings, value);
        } else if (name == "network") {
            apply_network(settings.network, value);
        } else if (name == "gpu") {
            apply_gpu(settings, value);
        } else if (name == "conda") {
            apply_conda(settings, value);
        } else if (name == "cache") {
            settings.cache_root = absolute_path_of(value);
        } else {
            settings.link_mode = link_mode_of(string_of(value), place_of(value));
        }
    }
}

/// False if it is none of the store's.
bool apply_store(Settings& settings, const TomlValue::Member& member) {
    const TomlValue& value = member.value;
    if (member.name == "store") {
        settings.store_root = absolute_path_of(value);
    } else if (member.name == "lower-store") {
        settings.lower_store = absolute_path_of(value);
    } else if (member.name == "durability") {
        settings.store_policy.syncing = syncing_of(string_of(value), place_of(value));
    } else if (member.name == "shared-store") {
        const auto* shared = value.get_if<bool>();
        if (shared == nullptr) {
            throw_bad_value(value, "true or false");
        }
        settings.store_policy.sharing = *shared ? Sharing::shared : Sharing::own;
    } else {
        return false;
    }
    return true;
}

void apply_network(fetch::NetworkSettings& network, const TomlValue& table) {
    check_keys(table, {"connect-timeout", "first-byte-timeout", "stall-timeout", "min-speed",
                       "min-speed-window", "retry-pause", "concurrent-downloads"});
    for (const auto& [name, location, value] : *table.get_if<TomlValue::Table>()) {
        if (name == "connect-timeout") {
            network.connect_timeout = duration_of(value);
        } else if (name == "first-byte-timeout") {
            network.first_byte_timeout = duration_of(value);
        } else if (name == "stall-timeout") {
            network.stall_timeout = duration_of(value);
        } else if (name == "min-speed") {
            network.min_bytes_per_second = bytes_of(value);
        } else if (name == "min-speed-window") {
            network.speed_window = duration_of(value);
        } else if (name == "retry-pause") {
            network.first_retry_pause = duration_of(value);
        } else {
            const auto* count = value.get_if<std::int64_t>();
            if (count == nullptr || *count < 1 || *count > most_downloads) {
                throw_bad_value(value, fmt::format("a whole number from 1 to {}", most_downloads));
            }
            network.concurrent_downloads = static_cast<int>(*count);
        }
    }
}

void apply_mirrors(Settings& settings, const TomlValue& table) {
    const auto* members = table.get_if<TomlValue::Table>();
    if (members == nullptr) {
        throw_bad_value(table, "a table of lists of URLs");
    }
    for (const auto& [name, location, value] : *members) {
        const auto* urls = value.get_if<TomlValue::Array>();
        if (urls == nullptr || urls->empty()) {
            throw_bad_value(value, "a list of URLs");
        }
        std::vector<Mirror>& mirrors = settings.mirrors[name];
        mirrors.clear();
        for (const TomlValue& url : *urls) {
            mirrors.push_back(mirror_of(url));
        }
    }
}

void apply_conda(Settings& settings, const TomlValue& table) {
    check_keys(table, {"pypi-names"});
    if (const TomlValue* const place = table.find("pypi-names")) {
        settings.pypi_names = path_or_url_of(*place);
    }
}

void apply_gpu(Settings& settings, const TomlValue& table) {
    check_keys(table, {"facts"});
    if (const TomlValue* const facts = table.find("facts")) {
        settings.gpu_facts = absolute_path_of(*facts);
    }
}

std::vector<path> config_files(const Variables& variables, const SettingFlags& flags,
                               const std::optional<path>& project) {
    if (flags.config_file) {
        return {*flags.config_file};
    }
    if (flags.ignore_files) {
        return {};
    }
    std::vector<path> files = {"/etc/envpm/config.toml"};
    if (const auto folder = variables.find("XDG_CONFIG_HOME")) {
        files.push_back(path(*folder) / "envpm/config.toml");
    } else if (const auto home = variables.find("HOME")) {
        files.push_back(path(*home) / ".config/envpm/config.toml");
    }
    if (project) {
        files.push_back(*project / project_file);
    }
    return files;
}

std::string first_of(const Variables& variables, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        if (auto value = variables.find(name)) {
            return *value;
        }
    }
    return {};
}

void check_keys(const TomlValue& table, const std::vector<std::string>& known) {
    const auto* members = table.get_if<TomlValue::Table>();
    if (members == nullptr) {
        throw_bad_value(table, "a table");
    }
    for (const TomlValue::Member& member : *members) {
        if (std::find(known.begin(), known.end(), member.name) != known.end()) {
            continue;
        }
        const auto meant = near_miss(member.name, known);
        throw Error({fmt::format("unknown setting `{}`", member.name), member.location.text(),
                     meant ? fmt::format("did you mean `{}`?", *meant)
                           : fmt::format("known here: {}", fmt::join(known, ", "))});
    }
}

Mirror mirror_of(const TomlValue& value) {
    constexpr std::string_view blobs = "blobs+";
    std::string url = string_of(value);
    const bool has_blobs = url.starts_with(blobs);
    if (has_blobs) {
        url.erase(0, blobs.size());
    }
    if (has_blobs || url != "default") {
        if (const auto fault = manifest::fault_of_source_url(url, "a mirror URL")) {
            throw Error({fault->what, value.location.text(), fault->hint});
        }
    }
    return {std::move(url), value.location.text(), MirrorKind::configured,
            has_blobs ? MirrorForm::blobs : MirrorForm::pages};
}

Origin place_of(const TomlValue& value) {
    return {value.location.text(), ExitCode::failed};
}

/// Relative to what? A configuration holds for many folders.
path absolute_path_of(const TomlValue& value) {
    path place = string_of(value);
    if (!place.is_absolute()) {
        throw_bad_value(value, "an absolute path");
    }
    return place;
}

std::string path_or_url_of(const TomlValue& value) {
    const std::string& text = string_of(value);
    if (path(text).is_absolute()) {
        return text;
    }
    if (text.find("://") == std::string::npos) {
        throw_bad_value(value, "an absolute path or a URL");
    }
    if (const auto fault = manifest::fault_of_source_url(text, "the URL of a table")) {
        throw Error({fault->what, value.location.text(), fault->hint});
    }
    return text;
}

realize::LinkMode link_mode_of(std::string_view text, const Origin& origin) {
    if (const auto mode = realize::parse_link_mode(text)) {
        return *mode;
    }
    throw Error({fmt::format("`{}` is no link mode", text), origin.name,
                 "known: auto, reflink, hardlink, copy"},
                origin.code);
}

/// Nothing is guessed here: it decides who is trusted.
Sharing sharing_of(std::string_view text, const Origin& origin) {
    if (text == "1" || text == "true") {
        return Sharing::shared;
    }
    if (text == "0" || text == "false") {
        return Sharing::own;
    }
    throw Error({fmt::format("`{}` does not say whether the store is shared", text), origin.name,
                 "known: 1, true, 0, false"},
                origin.code);
}

Syncing syncing_of(std::string_view text, const Origin& origin) {
    if (text == "batch") {
        return Syncing::batch;
    }
    if (text == "file" || text == "off") {
        return text == "file" ? Syncing::file : Syncing::off;
    }
    throw Error(
        {fmt::format("`{}` is no durability", text), origin.name, "known: batch, file, off"},
        origin.code);
}

std::int64_t count_of(std::string_view text, std::int64_t most, const Origin& origin) {
    const auto count = parse_number<std::int64_t>(text);
    if (!count || *count < 1 || *count > most) {
        throw Error({fmt::format("`{}` is no whole number from 1 to {}", text, most), origin.name,
                     "set it to such a number, or unset it"},
                    origin.code);
    }
    return *count;
}

const std::string& string_of(const TomlValue& value, std::string_view wanted) {
    const auto* text = value.get_if<std::string>();
    if (text == nullptr) {
        throw_bad_value(value, wanted);
    }
    return *text;
}

/// "10s", "500ms", "2min"; a day at most.
std::chrono::milliseconds duration_of(const TomlValue& value) {
    constexpr std::string_view wanted = "a duration such as \"10s\", \"500ms\" or \"2min\"";
    const std::string& text = string_of(value, wanted);
    std::int64_t count = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    const std::int64_t factor = unit == "ms" ? 1 : unit == "s" ? 1'000 : unit == "min" ? 60'000 : 0;
    if (failure != std::errc() || factor == 0 || count < 1 || count > 86'400'000 / factor) {
        throw_bad_value(value, wanted);
    }
    return std::chrono::milliseconds(count * factor);
}

/// "1KiB", "2MiB", "500B".
std::uint64_t bytes_of(const TomlValue& value) {
    constexpr std::string_view wanted = "a size such as \"1KiB\"";
    const std::string& text = string_of(value, wanted);
    std::uint64_t count = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    const std::uint64_t factor = unit == "B"     ? 1
                                 : unit == "KiB" ? 1U << 10U
                                 : unit == "MiB" ? 1U << 20U
                                                 : 0;
    if (failure != std::errc() || factor == 0 || count > (1ULL << 40U)) {
        throw_bad_value(value, wanted);
    }
    return count * factor;
}

void throw_bad_value(const TomlValue& value, std::string_view wanted) {
    throw Error({fmt::format("this setting must be {}", wanted), value.location.text(), {}});
}

} // namespace

} // namespace envpm::project
