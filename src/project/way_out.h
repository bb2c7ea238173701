#pragma once

#include "base/error.h"
#include "project/settings.h"

namespace envpm::project {

/// The same error with a hint that names the variable that moves what the disk did not take: only
/// if that lies in the store or the cache, for nothing else can be moved by one. Where room is
/// missing beside downloads that nobody continues, it says how much they take too.
Error with_way_out(const Error& error, const Settings& settings);

} // namespace envpm::project
