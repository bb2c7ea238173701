#include "gpu/machine_search.h"

#include "base/error.h"
#include "base/files.h"
#include "gpu/library_search.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace envpm::gpu {

namespace {

namespace fs = std::filesystem;

std::vector<std::string> parts_of(const std::optional<std::string>& list, std::string_view between);
std::vector<std::string> names_in(const std::string& folder);
std::vector<std::string> names_that_exist(const std::string& folder, const OwnLibraries& own);
std::vector<std::string> shared_names(const SearchFolder& folder, const OwnLibraries& own);
std::string in_words(std::vector<std::string> names);
std::vector<std::string> lines_of(const fs::path& file);
std::vector<fs::path> matching(const fs::path& text);

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

OwnLibraries own_libraries(const AuditRequest& request) {
    OwnLibraries own{request.prefix, {}};
    for (const PrefixBinary& binary : request.binaries) {
        own.sonames.insert(binary.facts.soname);
    }
    own.sonames.erase("");
    return own;
}

std::vector<Finding> hidden_libraries(const std::vector<SearchFolder>& folders,
                                      const OwnLibraries& own) {
    std::vector<Finding> findings;
    for (const SearchFolder& folder : folders) {
        const std::vector<std::string> hidden = shared_names(folder, own);
        if (!hidden.empty()) {
            findings.push_back({Severity::warning, Rule::search_path_hides, folder.folder, "",
                                fmt::format("{} puts {} before those of the environment",
                                            folder.origin, in_words(hidden)),
                                fmt::format("unset {} for this environment", folder.origin)});
        }
    }
    return findings;
}

std::vector<SearchFolder> configured_folders(const fs::path& configuration,
                                             const OwnLibraries& own) {
    std::vector<SearchFolder> folders;
    std::set<fs::path> read;
    std::vector<fs::path> files = {configuration};
    while (!files.empty()) {
        const fs::path file = files.back();
        files.pop_back();
        if (!read.insert(file).second) {
            continue;
        }
        for (const std::string& line : lines_of(file)) {
            if (line.starts_with("include ")) {
                const std::vector<fs::path> included =
                    matching(file.parent_path() / line.substr(line.find_first_not_of(' ', 8)));
                files.insert(files.end(), included.rbegin(), included.rend());
            } else if (line.starts_with('/')) {
                folders.push_back({file.string(), line, names_that_exist(line, own)});
            }
        }
    }
    return folders;
}

std::vector<Finding> doubled_libraries(const std::vector<SearchFolder>& folders,
                                       const OwnLibraries& own) {
    std::vector<Finding> findings;
    for (const SearchFolder& folder : folders) {
        const std::vector<std::string> doubled = shared_names(folder, own);
        if (!doubled.empty()) {
            findings.push_back(
                {Severity::warning, Rule::search_path_hides, folder.origin, "",
                 fmt::format("{} has {} too, and what asks for a library by name alone gets it "
                             "from there",
                             folder.folder, in_words(doubled)),
                 "take them out of that folder, or the folder out of this file, and run "
                 "`ldconfig`, unless other programs need them"});
        }
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

/// CUDA's alone.
std::vector<std::string> names_that_exist(const std::string& folder, const OwnLibraries& own) {
    std::vector<std::string> names;
    std::error_code failed;
    for (const std::string& soname : own.sonames) {
        if (is_of_cuda(soname) && !is_of_system(soname) &&
            fs::exists(fs::path(folder) / soname, failed)) {
            names.push_back(soname);
        }
    }
    return names;
}

/// Sorted as the folder's are; none for a folder of the prefix itself.
std::vector<std::string> shared_names(const SearchFolder& folder, const OwnLibraries& own) {
    std::vector<std::string> shared;
    if ((folder.folder + "/").starts_with(own.prefix + "/")) {
        return shared;
    }
    std::copy_if(folder.names.begin(), folder.names.end(), std::back_inserter(shared),
                 [&](const std::string& name) { return own.sonames.contains(name); });
    return shared;
}

std::string in_words(std::vector<std::string> names) {
    constexpr std::size_t shown = 4;
    const std::size_t more = names.size() - std::min(names.size(), shown);
    names.resize(names.size() - more);
    return fmt::format("`{}`{}", fmt::join(names, "`, `"),
                       more == 0 ? "" : fmt::format(" and {} more", more));
}

/// Without comments and what surrounds the words.
std::vector<std::string> lines_of(const fs::path& file) {
    std::string text;
    try {
        text = read_file_if_present(file).value_or("");
    } catch (const Error&) {
        return {}; // one that may not be read says nothing
    }
    std::vector<std::string> lines = parts_of(text, "\n");
    for (std::string& line : lines) {
        line.resize(std::min(line.find('#'), line.size()));
        line.erase(line.find_last_not_of(" \t\r") + 1);
        line.erase(0, line.find_first_not_of(" \t"));
    }
    return lines;
}

/// Files of a folder whose names fit a pattern of the shell, sorted; each always under the same
/// path, so that files which include each other are read once.
std::vector<fs::path> matching(const fs::path& text) {
    const fs::path pattern = text.lexically_normal();
    std::vector<fs::path> files;
    for (const std::string& name : names_in(pattern.parent_path().string())) {
        if (::fnmatch(pattern.filename().c_str(), name.c_str(), FNM_PERIOD) == 0) {
            files.push_back(pattern.parent_path() / name);
        }
    }
    return files;
}

} // namespace

} // namespace envpm::gpu
