#include "store/roots.h"

#include "base/error.h"
#include "store/walk.h"

#include <algorithm>
#include <optional>
#include <system_error>

namespace envpm::store {

namespace {

void read_root(const std::filesystem::path& link, Roots& roots);
std::optional<std::filesystem::path> target_of_link(const std::filesystem::path& path);
bool is_gone(const std::filesystem::path& folder);
std::set<std::string> prefixes_of(const std::filesystem::path& environment);
std::string project_of(const std::filesystem::path& environment);

} // namespace

Roots read_roots(const StorePaths& paths) {
    Roots roots;
    for (const std::string& name : names_in(paths.roots())) {
        try {
            read_root(paths.roots() / name, roots);
        } catch (const Error& error) {
            roots.unreadable.push_back(error);
        }
    }
    std::sort(roots.projects.begin(), roots.projects.end());
    roots.projects.erase(std::unique(roots.projects.begin(), roots.projects.end()),
                         roots.projects.end());
    return roots;
}

namespace {

void read_root(const std::filesystem::path& link, Roots& roots) {
    const std::optional<std::filesystem::path> target = target_of_link(link);
    if (!target) {
        throw Error({"a root of the store is not a link to an environment", link.string(),
                     "remove it if it is not yours; nothing was collected"});
    }
    const std::filesystem::path environment = link.parent_path() / *target;
    if (is_gone(environment)) {
        roots.stale.push_back(link);
        return;
    }
    const std::string project = project_of(environment);
    const std::set<std::string> prefixes = prefixes_of(environment);
    if (!prefixes.empty()) {
        roots.projects.push_back(project);
    }
    for (const std::string& prefix : prefixes) {
        roots.prefixes[prefix].insert(project);
    }
}

/// Nothing if it is no link.
std::optional<std::filesystem::path> target_of_link(const std::filesystem::path& path) {
    std::error_code failure;
    std::filesystem::path target = std::filesystem::read_symlink(path, failure);
    if (failure == std::errc::invalid_argument) {
        return std::nullopt;
    }
    if (failure) {
        throw_system_error("cannot read a root of the store", path.string(), failure.value());
    }
    return target;
}

bool is_gone(const std::filesystem::path& folder) {
    std::error_code failure;
    const std::filesystem::file_status status = std::filesystem::status(folder, failure);
    if (status.type() == std::filesystem::file_type::not_found) {
        return true;
    }
    if (failure) {
        throw_system_error("cannot read a project that uses the store", folder.string(),
                           failure.value());
    }
    return false;
}

/// A generation's link is known by the last part of its target alone: that names the content, and a
/// link that came by another way to the same store (a mount, a link) must keep it alive too.
std::set<std::string> prefixes_of(const std::filesystem::path& environment) {
    std::set<std::string> prefixes;
    const std::filesystem::path generations = generations_folder(environment);
    for (const std::string& name : names_in(generations)) {
        if (const std::optional<std::filesystem::path> target =
                target_of_link(generations / name)) {
            prefixes.insert(target->filename().string());
        }
    }
    return prefixes;
}

/// `<project>/.envpm/envs/<name>`
std::string project_of(const std::filesystem::path& environment) {
    return environment.parent_path().parent_path().parent_path().string();
}

} // namespace

} // namespace envpm::store
