#include "pipeline/pip_settings.h"

#include "base/ascii.h"
#include "base/files.h"

#include <sstream>

namespace envpm::pipeline {

namespace {

std::vector<std::filesystem::path> pip_files(const Variables& variables);
std::optional<std::string> ini_value(const std::string& text, std::string_view key);

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

std::optional<Mirror> pip_option(const Variables& variables, std::string_view key) {
    for (const std::filesystem::path& file : pip_files(variables)) {
        if (const auto text = read_file_if_present(file)) {
            if (const auto value = ini_value(*text, key)) {
                return Mirror{*value, file.string(), MirrorKind::pip};
            }
        }
    }
    return std::nullopt;
}

namespace {

/// Strongest first.
std::vector<std::filesystem::path> pip_files(const Variables& variables) {
    std::vector<std::filesystem::path> files;
    if (const auto file = variables.find("PIP_CONFIG_FILE")) {
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

/// pip reads its files as configparser does; of that, sections and one-line values matter here.
std::optional<std::string> ini_value(const std::string& text, std::string_view key) {
    std::istringstream lines(text);
    std::string section;
    for (std::string line; std::getline(lines, line);) {
        const std::string_view content = trimmed(line);
        if (content.empty() || content.front() == '#' || content.front() == ';') {
            continue;
        }
        if (content.front() == '[') {
            section = content.substr(1, content.find(']') - 1);
            continue;
        }
        const std::size_t separator = content.find_first_of("=:");
        if ((section == "global" || section == "install") && separator != std::string::npos &&
            trimmed(content.substr(0, separator)) == key) {
            return std::string(trimmed(content.substr(separator + 1)));
        }
    }
    return std::nullopt;
}

} // namespace

} // namespace envpm::pipeline
