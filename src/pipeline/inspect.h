#pragma once

#include "conda/package_scripts.h"
#include "model/lock.h"
#include "project/project.h"
#include "project/services.h"
#include "pypi/index_client.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::pipeline {

/// A target's part of the lock, for `list`, `tree` and `why`. An Error of code 3 if there is no
/// lock.
struct LockedView {
    LockedTarget target;
    std::vector<LockedPackage> packages;       ///< sorted by name
    std::vector<PackageName> requested;        ///< by the manifest, in its order
    std::vector<LockedPackage> elsewhere = {}; ///< those of other targets alone
};

/// Of the named target, else of that for this machine (installing/target_choice.h).
LockedView view_lock(const project::Project& project, const std::optional<std::string>& target,
                     project::Services& services);

/// The package that a dependency text ("name[extra] specifier") is about.
PackageName name_of_dependency(const std::string& text);

/// One chain from a requested package to another: "jupyterlab" → "httpx" → "idna".
using Path = std::vector<std::string>;

/// Of both spellings: a conda package `ruamel.yaml` is found as `ruamel-yaml` too. Null if none.
const LockedPackage* find_package(const std::vector<LockedPackage>& packages,
                                  const PackageName& name);

/// Every requested package's shortest chain to `name`; an Error with the near miss if it is not
/// locked, or with the targets that have it.
std::vector<Path> why(const LockedView& view, const PackageName& name);

/// Facts of project, environment, store and host.
struct Information {
    std::string version; ///< envpm's own
    std::filesystem::path root;
    std::filesystem::path cache;
    std::optional<std::filesystem::path> manifest;
    std::string workspace;
    std::optional<std::filesystem::path> prefix; ///< of the current generation
    std::vector<conda::UnrunScripts> unrun;      ///< of the prefix's packages
    std::optional<LockedTarget> target;      ///< the one that is asked for, else for this machine
    std::optional<std::string> lock_problem; ///< why there is no target
    std::optional<Target> machine;
    host::HostInterpreters interpreters;
    std::vector<pypi::Index> indexes; ///< URLs without credentials, to be shown
};

/// An Error (code 2) for a target that the lock does not have.
Information inform(const std::optional<project::Project>& project,
                   const std::optional<std::string>& target, project::Services& services);

} // namespace envpm::pipeline
