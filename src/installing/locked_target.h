#pragma once

#include "model/lock.h"
#include "model/python.h"
#include "project/services.h"

#include <optional>
#include <vector>

namespace envpm::installing {

// What an environment is made from: one target of a lock, with its packages and its Python.

std::vector<LockedPackage> packages_of(const Lock& lock, const LockedTarget& target);

std::vector<Sha256> archives_of(const std::vector<LockedPackage>& packages);

/// The host's interpreter for the target; none if the Python is a package, or if there is none. An
/// Error names what the lock needs and what this host has.
std::optional<Interpreter> interpreter_for(const LockedTarget& target,
                                           const project::Services& services);

} // namespace envpm::installing
