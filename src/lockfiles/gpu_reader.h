#pragma once

#include "base/toml.h"
#include "model/lock.h"

namespace envpm::lockfiles {

/// What a target's table says of its GPUs; an Error of code 1 names the place of what is malformed.
LockedGpu read_locked_gpu(const TomlValue& target);

} // namespace envpm::lockfiles
