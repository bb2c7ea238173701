#pragma once

#include "model/lock.h"
#include "model/manifest.h"
#include "project/project.h"
#include "project/services.h"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace envpm::pipeline {

/// A project whose manifest and lock could be read.
struct LockedProject {
    project::Project project;
    Manifest manifest;
    Lock lock;
};

/// What locks say of things that the store has: where an archive comes from, and how a prefix was
/// made.
class LockedProjects {
  public:
    /// Projects whose manifest or lock cannot be read are told of and left out.
    LockedProjects(const std::optional<project::Project>& own,
                   const std::vector<std::string>& folders, project::Services& services);

    struct Package {
        const LockedProject* project = nullptr;
        const LockedPackage* package = nullptr;
    };

    struct Environment {
        const LockedProject* project = nullptr;
        const LockedTarget* target = nullptr;
    };

    /// Of the first project that has it.
    [[nodiscard]] std::optional<Package> package(const Sha256& archive) const;

    /// By the name of its folder below `p/`.
    [[nodiscard]] std::optional<Environment> environment(const std::string& name) const;

  private:
    void add(const project::Project& project, project::Services& services);

    std::deque<LockedProject> projects_; ///< what was given out stays where it is
};

} // namespace envpm::pipeline
