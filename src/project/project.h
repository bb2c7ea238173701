#pragma once

#include "base/http.h"
#include "host/interpreters.h"
#include "model/lock.h"
#include "model/manifest.h"
#include "project/services.h"
#include "realize/generations.h"
#include "universe/requests.h"

#include <filesystem>
#include <optional>
#include <vector>

namespace envpm::project {

/// Where a project's files are.
struct Project {
    std::filesystem::path manifest_file;

    [[nodiscard]] std::filesystem::path folder() const;

    [[nodiscard]] std::filesystem::path lock_file() const { return folder() / "envpm.lock"; }
};

/// The manifest named by --manifest-path, or the nearest at or above `start`, if there is one. An
/// Error (code 1) for a named one that does not exist.
std::optional<Project>
find_project_if_any(const std::optional<std::filesystem::path>& manifest_path,
                    const std::filesystem::path& start);

/// The same for commands that need one: an Error (code 1) says how to make it, or that something is
/// in the way of its `.envpm`.
Project find_project(const std::optional<std::filesystem::path>& manifest_path,
                     const std::filesystem::path& start);

Manifest read_manifest(const Project& project);

/// Nothing if there is no envpm.lock yet.
std::optional<Lock> read_lock(const Project& project);

/// Which conda packages may come from one channel only.
std::map<std::string, std::string> bound_packages(const universe::Requests& requests);

CachePolicy cache_policy(const Services& services, bool refresh);

/// The states of the project's environment.
realize::Generations generations_of(const Project& project);

host::HostInterpreters
host_interpreters(const Services& services,
                  host::Inquiry::Failures failures = host::Inquiry::Failures::believed);

/// Those that a Python requirement may be met by: no others are asked what they are. If none of
/// them meets it, and has that ABI if one is needed, those that failed before are asked again.
host::HostInterpreters host_interpreters(const Services& services,
                                         const pypi::SpecifierSet& specifiers,
                                         const std::optional<PythonAbi>& abi = {});

} // namespace envpm::project
