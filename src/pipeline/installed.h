#pragma once

#include "pipeline/install.h"

#include <filesystem>
#include <optional>

namespace envpm::pipeline {

// The no-op of `install`: `.envpm/envs/<name>/installed.json` holds what the last install depended
// on, the manifest and the lock by content, and the prefix that it left. To compare it, no TOML, no
// index and no store is read. It is only a cache: without it an install does its work again.

/// The current prefix, if it is what an install of the request would give, and still starts.
std::optional<std::filesystem::path> up_to_date_prefix(const InstallRequest& request);

/// After an install.
void remember_install(const InstallRequest& request);

/// After a rollback: the older state is meant, so `run` and `shell` use it until the manifest or
/// the lock changes, or an `install` goes forward again.
void remember_rollback(const Project& project);

} // namespace envpm::pipeline
