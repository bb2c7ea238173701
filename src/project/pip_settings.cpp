#include "project/pip_settings.h"

#include "base/ascii.h"
#include "base/files.h"

#include <algorithm>
#include <sstream>
#include <utility>

namespace envpm::project {

namespace {

/// What a file says of a key.
struct Setting {
    std::vector<std::string> lines; ///< one at least
    std::string file;
};

std::optional<Setting> setting_of(const Variables& variables, std::string_view key);
std::vector<std::filesystem::path> pip_files(const Variables& variables);
std::vector<std::string> ini_lines(const std::string& text, std::string_view section,
                                   std::string_view key);
bool is_key(std::string_view written, std::string_view key);
std::size_t indent_of(std::string_view line);

} // namespace

std::optional<Mirror> pip_index(const Variables& variables) {
    if (const auto url = variables.find("PIP_INDEX_URL")) {
        return Mirror{*url, "PIP_INDEX_URL", MirrorKind::pip};
    }
    if (auto found = pip_option(variables, "index-url")) {
        return found;
    }
    const std::string built_in = ENVPM_DEFAULT_INDEX;
    if (!built_in.empty()) {
        return Mirror{built_in, "built in", MirrorKind::pip};
    }
    return std::nullopt;
}

std::vector<Mirror> pip_extra_indexes(const Variables& variables) {
    std::string text;
    std::string origin;
    if (const auto urls = variables.find("PIP_EXTRA_INDEX_URL")) {
        text = *urls;
        origin = "PIP_EXTRA_INDEX_URL";
    }
    if (const auto found =
            origin.empty() ? setting_of(variables, "extra-index-url") : std::optional<Setting>()) {
        for (const std::string& line : found->lines) {
            text += line + " ";
        }
        origin = found->file;
    }
    std::vector<Mirror> indexes;
    std::istringstream words(text);
    for (std::string url; words >> url;) {
        indexes.push_back({url, origin, MirrorKind::pip});
    }
    return indexes;
}

std::optional<Mirror> pip_option(const Variables& variables, std::string_view key) {
    const std::optional<Setting> found = setting_of(variables, key);
    if (!found) {
        return std::nullopt;
    }
    const bool is_on_the_next = found->lines.front().empty() && found->lines.size() > 1;
    return Mirror{found->lines[is_on_the_next ? 1 : 0], found->file, MirrorKind::pip};
}

namespace {

/// For `pip install` its own section counts more than `global`, in whichever file either stands.
std::optional<Setting> setting_of(const Variables& variables, std::string_view key) {
    for (const std::string_view section : {"install", "global"}) {
        for (const std::filesystem::path& file : pip_files(variables)) {
            const std::string text = read_file_if_present(file).value_or("");
            if (auto lines = ini_lines(text, section, key); !lines.empty()) {
                return Setting{std::move(lines), file.string()};
            }
        }
    }
    return std::nullopt;
}

/// Strongest first. For pip `/dev/null` says that there are none.
std::vector<std::filesystem::path> pip_files(const Variables& variables) {
    std::vector<std::filesystem::path> files;
    if (const auto file = variables.find("PIP_CONFIG_FILE")) {
        if (*file == "/dev/null") {
            return files;
        }
        files.emplace_back(*file);
    }
    if (const auto home = variables.find("XDG_CONFIG_HOME")) {
        files.push_back(std::filesystem::path(*home) / "pip/pip.conf");
    }
    if (const auto home = variables.find("HOME")) {
        files.push_back(std::filesystem::path(*home) / ".config/pip/pip.conf");
        files.push_back(std::filesystem::path(*home) / ".pip/pip.conf");
    }
    files.emplace_back("/etc/pip.conf");
    return files;
}

/// The value's first line and those that go on with it, being indented more. pip reads its files as
/// configparser does; of that, sections and such values matter here. Empty if the key is not there.
std::vector<std::string> ini_lines(const std::string& text, std::string_view section,
                                   std::string_view key) {
    std::istringstream lines(text);
    std::string current;
    std::vector<std::string> found;
    std::size_t indent = 0;
    for (std::string line; std::getline(lines, line);) {
        const std::string_view content = trimmed(line);
        if (content.empty() || content.front() == '#' || content.front() == ';') {
            continue;
        }
        if (!found.empty()) {
            if (indent_of(line) <= indent) {
                break;
            }
            found.emplace_back(content);
            continue;
        }
        if (content.front() == '[') {
            current = content.substr(1, content.find(']') - 1);
            continue;
        }
        const std::size_t separator = content.find_first_of("=:");
        if (current == section && separator != std::string::npos &&
            is_key(trimmed(content.substr(0, separator)), key)) {
            indent = indent_of(line);
            found.emplace_back(trimmed(content.substr(separator + 1)));
        }
    }
    return found;
}

/// For pip case means nothing, and `index_url` is `index-url`.
bool is_key(std::string_view written, std::string_view key) {
    std::string text = ascii_lower(written);
    std::replace(text.begin(), text.end(), '_', '-');
    return text == key;
}

std::size_t indent_of(std::string_view line) {
    return std::min(line.find_first_not_of(" \t"), line.size());
}

} // namespace

} // namespace envpm::project
