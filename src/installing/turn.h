#pragma once

#include "base/byte_lock.h"
#include "base/hash.h"
#include "model/lock.h"
#include "project/services.h"
#include "store/store.h"

#include <optional>
#include <vector>

namespace envpm::installing {

// When several processes of one user want the same thing, one makes it and the others wait. The
// locks are bytes of files in `locks` (docs/store.md), so the system drops them with the process.
// Processes of other users are not waited for: what they unpack cannot be taken over, and a user
// could block others by stopping a process. A wait prints one note; if the user asks to stop, it
// throws an Error of code interrupted.

/// Waits until this process may make the environment: until no other is making it. If the maker
/// gave up or was killed, the next one goes on with what there is. The caller holds the lock until
/// the prefix is made. Returns nothing if the prefix is there already.
std::optional<ByteLocks> turn_to_make(const Sha256& env, const store::Store& store,
                                      const project::Services& services);

/// Packages that this process brings into the store. Others wait for them while this object lives.
struct UnpackTurn {
    std::vector<LockedPackage> packages;
    ByteLocks locks;
};

/// Returns those of `missing` that no other process is bringing, and waits until there is at least
/// one. Another process may have brought it by then, so the caller looks again whether it is
/// missing. A caller drops its turn before it asks for another, so that no two wait for each other.
/// It may hold the turn to make an environment meanwhile: a process that waits for that turn holds
/// nothing.
UnpackTurn turn_to_unpack(const std::vector<LockedPackage>& missing, const store::Store& store,
                          const project::Services& services);

} // namespace envpm::installing
