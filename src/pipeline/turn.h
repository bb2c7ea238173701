#pragma once

#include "base/byte_lock.h"
#include "base/hash.h"
#include "model/lock.h"
#include "pipeline/services.h"
#include "store/store.h"

#include <optional>
#include <vector>

namespace envpm::pipeline {

// Of the processes of one user one does what several want, and the others wait for it. The locks
// are bytes of files in `locks` (docs/store.md), so the system drops them with the process. Other
// users are not waited for: what they unpack cannot be taken over, and who has stopped his process
// shall not stop others. What is waited for is told once; an Error of code interrupted is thrown if
// the user asks to stop.

/// Of those that want one environment in one store, one makes it; the others wait until its prefix
/// is there, or until it was given up or killed, and then the next one goes on with what there is.
/// To be held until the prefix is made. Nothing if it is there already: then there is nothing to
/// wait for.
std::optional<ByteLocks> turn_to_make(const Sha256& env, const store::Store& store,
                                      const Services& services);

/// Some packages that this process is to bring into the store, while this lives.
struct UnpackTurn {
    std::vector<LockedPackage> packages;
    ByteLocks locks;
};

/// Of the processes that want one package in one store, one brings and unpacks it. Gives those of
/// `missing` that no other process is bringing, and waits until there is one; the others may then
/// have brought it, so the caller looks again whether it is missing. A caller drops its turn before
/// it asks for another, so that no two wait for each other. It may hold the turn to make an
/// environment meanwhile: who waits for that one holds nothing.
UnpackTurn turn_to_unpack(const std::vector<LockedPackage>& missing, const store::Store& store,
                          const Services& services);

} // namespace envpm::pipeline
