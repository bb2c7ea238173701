#pragma once

#include "model/lock.h"

namespace envpm::lockfiles {

/// The one order of a lock's parts: targets by name, packages by name, version, file and targets,
/// and what stands in lists by its text.
Lock in_canonical_order(Lock lock);

} // namespace envpm::lockfiles
