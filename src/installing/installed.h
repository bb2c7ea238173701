#pragma once

#include "installing/install.h"

#include <filesystem>
#include <optional>
#include <string>

namespace envpm::installing {

// The no-op of `install`: `.envpm/envs/<name>/installed.json` holds what the last install depended
// on, the manifest and the lock by content, and the prefix that it left. To compare it, no TOML, no
// index and no store is read. It is only a cache: without it an install does its work again.

/// The current prefix, if it is what an install of the request would give, and still starts.
/// Where the machine decided which target it is of, that is so on the same driver and GPUs only.
std::optional<std::filesystem::path> up_to_date_prefix(const InstallRequest& request,
                                                       const Variables& variables);

/// The digests of manifest and lock; `any` for a manifest that does not count (`--frozen`). Someone
/// may edit the files while an install works: it must remember those that it read.
struct InstallInputs {
    std::string manifest;
    std::string lock;
    std::string machine = "any"; ///< driver and GPUs, where they count
};

/// As the files are now.
InstallInputs inputs_of(const InstallRequest& request);

/// The driver and GPUs of this machine, as files and variables tell: less than a millisecond.
std::string machine_stamp(const Variables& variables);

/// After an install that read these and made `prefix` current: by now another process may have made
/// another one current, from a newer lock.
void remember_install(const InstallRequest& request, const InstallInputs& inputs,
                      const std::filesystem::path& prefix);

/// After a rollback to `prefix`: the older state is meant, so `run` and `shell` use it until the
/// manifest or the lock changes, or an `install` goes forward again.
void remember_rollback(const project::Project& project, const std::filesystem::path& prefix);

} // namespace envpm::installing
