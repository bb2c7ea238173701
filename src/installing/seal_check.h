#pragma once

#include "model/layout.h"
#include "model/lock.h"
#include "project/services.h"

#include <filesystem>

namespace envpm::installing {

/// A sealed lock must be reproduced. The packages' bytes are named by the lock already; what this
/// proves is the whole: the generated files, the layout, and that the disk holds what it should.
/// Whoever made the prefix, every file of it is read. Throws an Error of code integrity that names
/// the files in question. Does nothing for a target that is not sealed.
void check_seal(const LockedTarget& target, const Layout& layout,
                const std::filesystem::path& prefix, project::Services& services);

} // namespace envpm::installing
