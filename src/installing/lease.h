#pragma once

#include "project/project.h"
#include "project/services.h"

#include <filesystem>

namespace envpm::installing {

/// Says in the store of the prefix that this host uses it for the project, for collectors that see
/// neither (`store/leases.h`). Does nothing for a prefix of the lower store, which is only read.
/// Where the store does not take it the command goes on, and `-v` tells.
///
/// A collector may have decided before it could see a lease that there was none yet. So a new one
/// is made under the store's shared lock, and false then says that the prefix may be gone.
bool renew_lease(const project::Project& project, const std::filesystem::path& prefix,
                 const project::Services& services);

/// Makes a project that was moved or copied a root of the prefix's store again, for whoever uses
/// its environment without an install. Otherwise as renew_lease.
bool keep_root(const project::Project& project, const std::filesystem::path& prefix,
               const project::Services& services);

} // namespace envpm::installing
