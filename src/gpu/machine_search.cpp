#include "gpu/machine_search.h"

#include "gpu/library_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace envpm::gpu {

namespace {

std::vector<std::string> parts_of(const std::optional<std::string>& list, std::string_view between);
std::vector<std::string> names_in(const std::string& folder);

} // namespace

std::vector<SearchFolder> search_folders(const Variables& variables) {
    std::vector<SearchFolder> folders;
    for (const std::string& folder : parts_of(variables.find("LD_LIBRARY_PATH"), ":;")) {
        folders.push_back({"LD_LIBRARY_PATH", folder, names_in(folder)});
    }
    for (const std::string& library : parts_of(variables.find("LD_PRELOAD"), ": ")) {
        folders.push_back(
            {"LD_PRELOAD", std::string(folder_of(library)), {std::string(name_of(library))}});
    }
    return folders;
}

std::vector<Finding> hidden_libraries(const std::vector<SearchFolder>& folders,
                                      const AuditRequest& request) {
    std::set<std::string, std::less<>> own;
    for (const PrefixBinary& binary : request.binaries) {
        if (!binary.facts.soname.empty()) {
            own.insert(binary.facts.soname);
        }
    }
    std::vector<Finding> findings;
    for (const SearchFolder& folder : folders) {
        if ((folder.folder + "/").starts_with(request.prefix + "/")) {
            continue;
        }
        std::vector<std::string> hidden;
        std::copy_if(folder.names.begin(), folder.names.end(), std::back_inserter(hidden),
                     [&](const std::string& name) { return own.contains(name); });
        if (hidden.empty()) {
            continue;
        }
        constexpr std::size_t shown = 4;
        const std::size_t more = hidden.size() - std::min(hidden.size(), shown);
        hidden.resize(hidden.size() - more);
        findings.push_back({Severity::warning, Rule::search_path_hides, folder.folder, "",
                            fmt::format("{} puts `{}`{} before those of the environment",
                                        folder.variable, fmt::join(hidden, "`, `"),
                                        more == 0 ? "" : fmt::format(" and {} more", more)),
                            fmt::format("unset {} for this environment", folder.variable)});
    }
    return findings;
}

namespace {

/// Without empty parts: those mean the folder that a program is started in.
std::vector<std::string> parts_of(const std::optional<std::string>& list,
                                  std::string_view between) {
    std::vector<std::string> parts;
    std::string_view rest = list ? std::string_view(*list) : std::string_view();
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find_first_of(between), rest.size());
        if (end > 0) {
            parts.emplace_back(rest.substr(0, end));
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return parts;
}

std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code failed;
    std::filesystem::directory_iterator entry(folder, failed);
    for (; !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
        names.push_back(entry->path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace

} // namespace envpm::gpu
