#include "activate/conda_files.h"

#include "activate/variable_name.h"
#include "base/error.h"
#include "base/files.h"
#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace envpm::activate {

namespace {

using std::filesystem::path;

constexpr std::size_t largest_file_bytes = std::size_t{1} << 20U;

std::vector<path> files_in(const path& folder, std::string_view suffix);
void read_file_of(const path& file, const path& prefix, CondaVariables& out);
void take(const std::string& name, const Json& value, const std::string& shown,
          CondaVariables& out);
bool is_own(std::string_view name);

} // namespace

bool has_conda_packages(const path& prefix) {
    std::error_code ignored;
    return std::filesystem::is_directory(prefix / "conda-meta", ignored);
}

CondaVariables conda_variables(const path& prefix) {
    std::vector<path> files = files_in(prefix / "etc/conda/env_vars.d", ".json");
    std::error_code ignored;
    if (std::filesystem::exists(prefix / "conda-meta/state", ignored)) {
        files.push_back(prefix / "conda-meta/state");
    }
    CondaVariables out;
    for (const path& file : files) {
        try {
            read_file_of(file, prefix, out);
        } catch (const Error& error) {
            out.complaints.push_back(fmt::format(
                "{} is left out: {}", file.lexically_relative(prefix).string(), error.text().what));
        }
    }
    return out;
}

CondaScripts conda_scripts(Shell shell, const path& prefix) {
    const std::string_view suffix = shell == Shell::fish ? ".fish" : ".sh";
    CondaScripts scripts{files_in(prefix / "etc/conda/activate.d", suffix),
                         files_in(prefix / "etc/conda/deactivate.d", suffix)};
    std::reverse(scripts.deactivate.begin(), scripts.deactivate.end());
    return scripts;
}

namespace {

/// Sorted; none if there is no such folder.
std::vector<path> files_in(const path& folder, std::string_view suffix) {
    std::vector<path> files;
    std::error_code failure;
    for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
        if (entry->path().extension() == suffix) {
            files.push_back(entry->path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

void read_file_of(const path& file, const path& prefix, CondaVariables& out) {
    const std::string shown = file.lexically_relative(prefix).string();
    const Json document = parse_json(read_file(file, largest_file_bytes), shown);
    const Json* const variables =
        file.extension() == ".json" ? &document : document.find("env_vars");
    if (variables == nullptr) {
        return; // a state without variables
    }
    const auto* const table = variables->get_if<Json::Object>();
    if (table == nullptr) {
        throw Error({"it is no JSON object of variables", shown, {}});
    }
    for (const auto& [name, value] : *table) {
        take(name, value, shown, out);
    }
}

void take(const std::string& name, const Json& value, const std::string& shown,
          CondaVariables& out) {
    constexpr std::string_view unset = "***unset***";
    const auto* const text = value.get_if<std::string>();
    if (text != nullptr && *text == unset) {
        return;
    }
    const bool can_be_set = text != nullptr && text->find('\0') == std::string::npos;
    if (!is_variable_name(name) || !can_be_set || is_own(name)) {
        out.complaints.push_back(fmt::format("{} of {} is left out: {}", name, shown,
                                             is_own(name) ? "envpm sets that itself"
                                             : can_be_set ? "it is no name of a variable"
                                                          : "its value is no text"));
        return;
    }
    out.values.emplace_back(name, *text);
}

bool is_own(std::string_view name) {
    constexpr std::array<std::string_view, 5> own = {"PATH", "VIRTUAL_ENV", "CONDA_PREFIX",
                                                     "PYTHONHOME", "PYTHONPATH"};
    return name.starts_with("ENVPM_") || name.starts_with("_ENVPM_") ||
           std::find(own.begin(), own.end(), name) != own.end();
}

} // namespace

} // namespace envpm::activate
