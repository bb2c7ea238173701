#pragma once

#include "installing/prefix_packages.h"
#include "project/project.h"
#include "realize/generations.h"

#include <optional>
#include <vector>

namespace envpm::installing {

// In: a project. Out: the states that its environment was in, and one of them current. What is not
// there is an Error. Killed half-way, either the old or the new one is current.

/// The prefix that is current in the project; an Error (code 1) says to install first.
realize::Generation current_generation(const project::Project& project);

/// As current_generation, for whoever looks into the prefix: that it is gone is an Error too.
realize::Generation present_generation(const project::Project& project);

/// Ascending by number.
std::vector<realize::Generation> generations(const project::Project& project);

/// A generation, what is left of it, and in what its environment differs from that of the one
/// before.
struct State {
    realize::Generation generation;
    bool is_there = true;      ///< its environment
    bool is_elsewhere = false; ///< not in the store that is configured
    /// None for the first, and where one of the two is no longer there or cannot be looked into.
    std::optional<std::vector<PackageChange>> changes = {};
};

/// Ascending by number; with a target, those of it alone. Looks into the environments: a record of
/// a generation has no packages. `store_root` is the store that is configured.
std::vector<State> states(const project::Project& project, const std::optional<std::string>& target,
                          const std::filesystem::path& store_root);

/// That of the number, or the one before the current one, is current again. envpm.lock stays. An
/// Error of code 2 if that number is of another target.
realize::Generation roll_back(const project::Project& project, std::optional<int> number,
                              const std::optional<std::string>& target);

} // namespace envpm::installing
