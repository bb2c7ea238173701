#pragma once

#include "base/error.h"
#include "installing/audit_ahead.h"
#include "model/lock.h"
#include "model/manifest.h"
#include "project/services.h"
#include "store/store.h"

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace envpm::installing {

struct Fetched {
    std::uint64_t packages = 0; ///< that were neither in the store nor unpacked by an earlier run
    std::uint64_t bytes = 0;
    std::vector<Tree> trees; ///< of all packages, in their order; every object of them is there
};

/// Brings the archives that the store lacks into it, each proven against the lock by size and
/// sha256, unpacking while others still arrive. What arrived is kept even if another archive cannot
/// be had. An Error (code 5 or 6) names package, source and every URL tried; offline, what is
/// missing. `ahead`, if not null, reads what is new while it is made durable.
Fetched fetch_missing(const std::vector<LockedPackage>& packages, const Manifest& manifest,
                      const store::Store& store, AuditAhead* ahead, project::Services& services);

/// What is to be brought in again.
struct Refetch {
    const std::vector<LockedPackage>& packages;
    const std::set<store::ObjectName>& damaged; ///< objects that are replaced
    store::Quarantine& quarantine;              ///< for what was there
};

/// Brings archives in though the store may have them, from the cache if one is kept there, else
/// from its source, and puts their objects in the place of damaged ones. Gives for each package
/// why it could not be had, or nothing; what arrived is published in any case. Throws if none can
/// even be located, or if one is not what the lock says.
std::vector<std::optional<Error>> fetch_again(const Refetch& refetch, const Manifest& manifest,
                                              const store::Store& store,
                                              project::Services& services);

} // namespace envpm::installing
