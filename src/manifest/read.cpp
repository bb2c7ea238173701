#include "manifest/read.h"

#include "base/error.h"
#include "base/files.h"
#include "base/toml_fields.h"
#include "manifest/pyproject.h"
#include "manifest/tables.h"

namespace envpm::manifest {

namespace {

constexpr std::size_t largest_file_bytes = std::size_t{16} << 20U;
constexpr std::string_view own_name = "envpm.toml";
constexpr std::string_view project_name = "pyproject.toml";

void read_pyproject(const TomlValue& root, Manifest& manifest);
std::string name_of_folder(const std::filesystem::path& file);
bool has_tool_table(const std::filesystem::path& file);

} // namespace

Manifest read(const std::filesystem::path& file, Platform platform) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored) && !ignored) {
        throw Error({"there is no manifest", file.string(), "`envpm init` writes one"});
    }
    return parse(read_file(file, largest_file_bytes), file, platform);
}

Manifest parse(const std::string& text, const std::filesystem::path& file, Platform platform) {
    const TomlValue root = parse_toml(text, file.string());
    Manifest manifest;
    manifest.file = file;
    if (file.filename() == project_name) {
        read_pyproject(root, manifest);
    } else {
        read_tables(root, {}, manifest);
    }
    if (manifest.name.empty()) {
        manifest.name = name_of_folder(file);
    }
    complete(manifest, platform);
    return manifest;
}

std::optional<std::filesystem::path> find(const std::filesystem::path& folder) {
    std::filesystem::path here = std::filesystem::absolute(folder).lexically_normal();
    while (true) {
        std::error_code ignored;
        if (std::filesystem::exists(here / own_name, ignored)) {
            return here / own_name; // what is no file is told when it is read
        }
        if (std::filesystem::is_regular_file(here / project_name, ignored) &&
            has_tool_table(here / project_name)) {
            return here / project_name;
        }
        if (here == here.parent_path()) {
            return std::nullopt;
        }
        here = here.parent_path();
    }
}

namespace {

void read_pyproject(const TomlValue& root, Manifest& manifest) {
    const TomlValue* const tool = root.find("tool");
    const TomlValue* const envpm = tool == nullptr ? nullptr : tool->find("envpm");
    if (envpm != nullptr) {
        read_tables(*envpm, {"tool.envpm.", {"extras", "groups"}}, manifest);
    }
    read_project(root, manifest);
}

std::string name_of_folder(const std::filesystem::path& file) {
    const std::filesystem::path folder =
        std::filesystem::absolute(file).lexically_normal().parent_path();
    const std::string name = folder.filename().string();
    return is_workspace_name(name) ? name : "workspace";
}

/// A pyproject.toml that does not speak of envpm is not ours to complain about.
bool has_tool_table(const std::filesystem::path& file) {
    const std::string text = read_file(file, largest_file_bytes);
    if (text.find("envpm") == std::string::npos) {
        return false;
    }
    const TomlValue root = parse_toml(text, file.string());
    const TomlValue* const tool = root.find("tool");
    return tool != nullptr && tool->find("envpm") != nullptr;
}

} // namespace

} // namespace envpm::manifest
