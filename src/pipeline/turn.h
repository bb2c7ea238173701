#pragma once

#include "base/handle.h"
#include "base/hash.h"
#include "pipeline/services.h"
#include "store/store.h"

#include <optional>

namespace envpm::pipeline {

/// Of the processes of one user that want one environment in one store, one makes it; the others
/// wait until its prefix is there, or until it was given up or killed, and then the next one goes
/// on with what there is. To be held until the prefix is made. Nothing if it is there already: then
/// there is nothing to wait for.
///
/// The lock is a byte of `locks/making-<user's id>` (docs/store.md), so the system drops it with
/// the process. Other users are not waited for: what they unpack cannot be taken over, and who has
/// stopped his process shall not stop others. Tells once what it waits for; throws an Error of code
/// interrupted if the user asks to stop.
std::optional<Fd> turn_to_make(const Sha256& env, const store::Store& store,
                               const Services& services);

} // namespace envpm::pipeline
