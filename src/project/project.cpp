#include "project/project.h"

#include "base/error.h"
#include "host/this_machine.h"
#include "lockfiles/lock_file.h"
#include "manifest/read.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::project {

namespace {

void require_own_folder(const Project& project);

/// For all interpreters.
host::Inquiry inquiry_of(const Services& services);

} // namespace

std::filesystem::path Project::folder() const {
    return std::filesystem::absolute(manifest_file).lexically_normal().parent_path();
}

std::optional<Project>
find_project_if_any(const std::optional<std::filesystem::path>& manifest_path,
                    const std::filesystem::path& start) {
    if (manifest_path) {
        if (!std::filesystem::exists(*manifest_path)) {
            throw Error({"there is no such manifest", manifest_path->string(),
                         "run `envpm init` there to make one"});
        }
        if (std::filesystem::is_directory(*manifest_path)) {
            throw Error({"the manifest is a file, and this is a folder", manifest_path->string(),
                         fmt::format("name the file: `--manifest-path {}`",
                                     (*manifest_path / "envpm.toml").string())});
        }
        return Project{*manifest_path};
    }
    if (const auto found = manifest::find(start)) {
        return Project{*found};
    }
    return std::nullopt;
}

Project find_project(const std::optional<std::filesystem::path>& manifest_path,
                     const std::filesystem::path& start) {
    if (const auto found = find_project_if_any(manifest_path, start)) {
        require_own_folder(*found);
        return *found;
    }
    const bool has_pyproject = std::filesystem::exists(start / "pyproject.toml");
    throw Error({"there is no `envpm.toml` here or in a folder above", start.string(),
                 has_pyproject
                     ? "add a `[tool.envpm]` table to pyproject.toml and its `[project]` is used"
                     : "run `envpm init` to make one, or name it with `--manifest-path`"});
}

std::optional<Lock> read_lock(const Project& project) {
    return lockfiles::read_if_present(project.lock_file());
}

Manifest read_manifest(const Project& project) {
    const auto machine = host::detect_target();
    return manifest::read(project.manifest_file, machine ? machine->platform : Platform::linux_64);
}

std::map<std::string, std::string> bound_packages(const universe::Requests& requests) {
    std::map<std::string, std::string> bound;
    for (const universe::CondaRequest& request : requests.conda) {
        if (request.channel) {
            bound.emplace(request.name.string(), *request.channel);
        }
    }
    return bound;
}

CachePolicy cache_policy(const Services& services, bool refresh) {
    CachePolicy policy;
    policy.now = services.now();
    policy.refresh = refresh;
    policy.offline = services.is_offline();
    return policy;
}

realize::Generations generations_of(const Project& project) {
    return {project.folder(), "default"};
}

host::HostInterpreters host_interpreters(const Services& services,
                                         host::Inquiry::Failures failures) {
    host::Inquiry inquiry = inquiry_of(services);
    inquiry.failures = failures;
    return host::find_interpreters(inquiry);
}

host::HostInterpreters host_interpreters(const Services& services,
                                         const pypi::SpecifierSet& specifiers,
                                         const std::optional<PythonAbi>& abi) {
    constexpr int highest_patch = 40;
    const auto is_wanted = [&](int major, int minor) {
        for (int patch = 0; patch <= highest_patch; ++patch) {
            const auto version = pypi::Version::parse(fmt::format("{}.{}.{}", major, minor, patch));
            if (specifiers.contains(*version)) {
                return true;
            }
        }
        return false;
    };
    host::Inquiry inquiry = inquiry_of(services);
    inquiry.is_wanted = is_wanted;
    host::HostInterpreters known = host::find_interpreters(inquiry);
    const bool has_one =
        std::any_of(known.found.begin(), known.found.end(), [&](const Interpreter& interpreter) {
            const auto version = pypi::Version::parse(interpreter.version);
            return version && specifiers.contains(*version) && (!abi || interpreter.abi == *abi);
        });
    if (has_one ||
        std::none_of(known.silent.begin(), known.silent.end(),
                     [](const host::SilentProgram& silent) { return silent.is_remembered; })) {
        return known;
    }
    inquiry.failures = host::Inquiry::Failures::tried_again; // one may have been mended meanwhile
    return host::find_interpreters(inquiry);
}

namespace {

/// A link that leads to a folder is one.
void require_own_folder(const Project& project) {
    const std::filesystem::path own = project.folder() / ".envpm";
    std::error_code failure;
    const bool is_there = std::filesystem::exists(std::filesystem::symlink_status(own, failure));
    if (is_there && !std::filesystem::is_directory(own, failure)) {
        const bool is_link = std::filesystem::is_symlink(own, failure);
        throw Error(
            {fmt::format("this is {}, where the folder of the project's environment is to be",
                         is_link ? "a link that leads to no folder" : "a file"),
             own.string(), "move it away, and run the command again"});
    }
}

host::Inquiry inquiry_of(const Services& services) {
    host::Inquiry inquiry{services.variables(), services.cache("interpreters") / "found.json",
                          services.now()};
    inquiry.on_wait = [&services] {
        services.progress().note("another process is asking the Pythons of this machine what they "
                                 "are: waiting for it");
    };
    return inquiry;
}

} // namespace

} // namespace envpm::project
