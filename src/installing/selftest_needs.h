#pragma once

#include "gpu/facts.h"
#include "model/lock.h"
#include "selftest/needs.h"

#include <vector>

namespace envpm::installing {

/// Which packages of a target use CUDA, and which CUDA: of several majors the newest counts. Read
/// from names and versions (gpu/package_traits.h) and from what the lock says itself. Pure, and
/// quick: each activation asks.
selftest::Needs needs_of(const std::vector<LockedPackage>& packages, const LockedGpu& locked = {});

/// What that CUDA takes of driver and GPUs, by the table of facts; the driver that the lock names
/// counts more. Nothing is added for what does not use CUDA.
void add_floors(selftest::Needs& needs, const gpu::Facts& facts);

} // namespace envpm::installing
