#pragma once

#include "installing/install.h"
#include "locking/lock.h"
#include "model/lock.h"
#include "model/manifest.h"
#include "project/services.h"

#include <optional>

namespace envpm::installing {

struct LockInUse {
    std::optional<Lock> lock; ///< none if it had to be made and cannot
    std::optional<locking::LockReport> report;
};

/// The lock that `request` is installed from: the project's own, or one that is made now, if the
/// request may and the project's is missing or stale. Throws an Error of code lock_out_of_date if
/// the request demands one that is there and fresh (`--locked`, `--frozen`).
LockInUse lock_in_use(const InstallRequest& request, const Manifest& manifest,
                      project::Services& services);

} // namespace envpm::installing
