#pragma once

#include "model/lock.h"
#include "project/services.h"

#include <filesystem>
#include <optional>

namespace envpm::installing {

/// The target's environment as the lower store (`lower-store`) has it realised: it is used as it
/// stands there. Nothing if there is none, or if the lock is sealed and it has other contents,
/// which is told. Reads all of it in the second case. Throws for a lower store that strangers may
/// write to.
std::optional<std::filesystem::path> lower_prefix(const LockedTarget& target,
                                                  project::Services& services);

/// Whether a prefix, given without links, lies in the lower store.
bool is_in_lower_store(const std::filesystem::path& prefix, const project::Settings& settings);

/// Whether it lies neither there nor in one's own.
bool is_in_another_store(const std::filesystem::path& prefix, const project::Settings& settings);

} // namespace envpm::installing
