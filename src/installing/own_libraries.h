#pragma once

#include "gpu/machine_search.h"
#include "project/services.h"

#include <filesystem>
#include <optional>

namespace envpm::installing {

/// What an audit of a prefix of the store found there, kept for every activation: the sonames, a
/// line each, in `audit/sonames/<env>` of the cache, with the format in the first line. A prefix
/// never changes, so neither does that. A cache that cannot be written is no failure.
void keep_own_libraries(const gpu::OwnLibraries& own, project::Services& services);

/// Nothing if no audit has kept them, or if the file is not as envpm writes it.
std::optional<gpu::OwnLibraries> kept_own_libraries(const std::filesystem::path& prefix,
                                                    project::Services& services);

} // namespace envpm::installing
