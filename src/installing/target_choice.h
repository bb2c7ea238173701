#pragma once

#include "base/error.h"
#include "gpu/fitness.h"
#include "host/gpu_driver.h"
#include "model/lock.h"
#include "model/manifest.h"
#include "project/services.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace envpm::installing {

// Which of several targets is used on this machine, where none is named.

/// Whether a machine has the platform that a target is for, and its glibc or a later one.
bool runs_on(const Target& target, const Target& machine);

/// "linux-64 with glibc 2.36"
std::string describe(const std::optional<Target>& machine);

/// How a machine's driver and GPUs go with what a target declares of them.
enum class Agreement {
    contradicts, ///< it has GPUs and should have none, or the other way; an older driver; other
                 ///< GPUs
    open,        ///< the target declares nothing
    agrees,
};

Agreement agreement_of(const gpu::TargetMachine& declared, const host::MachineFacts& machine);

/// Of the targets whose platform and glibc this machine has, the one that its driver and GPUs agree
/// with best, and of several such the first by name; null if there is none. The driver is asked
/// only where there is a choice, at most three seconds. An Error (code 1) for a variable that makes
/// no sense, or for a GPU that the manifest misspells.
const Target* target_here(const Manifest& manifest, const std::vector<const Target*>& targets,
                          project::Services& services);

std::vector<const Target*> targets_of(const Lock& lock);

/// Code 2, with the names that `whose` ("the lock") has, and the one that may be meant.
Error no_such_target(const std::string& whose, const std::string& name,
                     const std::filesystem::path& file, const std::vector<std::string>& names);

/// An Error (code 2) names those that there are.
const LockedTarget& named_target(const Lock& lock, const std::string& name);

/// Before an edit that is to be installed is solved: an Error (code 1) if no target of the manifest
/// fits this machine says why, and how to edit all the same.
void require_target_here(const Manifest& manifest);

/// The named target of the lock, else the one for this machine; a note tells which of several that
/// is. An Error (code 1) says why none fits.
const LockedTarget& choose_target(const Manifest& manifest, const Lock& lock,
                                  const std::optional<std::string>& name,
                                  project::Services& services);

} // namespace envpm::installing
