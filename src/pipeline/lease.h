#pragma once

#include "pipeline/project.h"
#include "pipeline/services.h"

#include <filesystem>

namespace envpm::pipeline {

/// Says in the store of the prefix that this host uses it for the project, for collectors that see
/// neither (`store/leases.h`). Does nothing for a prefix of the lower store, which is only read.
/// Where the store does not take it the command goes on, and `-v` tells.
///
/// A collector may have decided before it could see a lease that there was none yet. So a new one
/// is made under the store's shared lock, and false then says that the prefix may be gone.
bool renew_lease(const Project& project, const std::filesystem::path& prefix,
                 const Services& services);

} // namespace envpm::pipeline
