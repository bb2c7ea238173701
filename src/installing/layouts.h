#pragma once

#include "model/layout.h"
#include "model/lock.h"
#include "model/manifest.h"
#include "model/tree.h"
#include "project/services.h"
#include "store/store.h"

#include <vector>

namespace envpm::installing {

struct LayoutRequest {
    const std::vector<LockedPackage>& packages; ///< of the target; all are in the store
    const LockedTarget& target;
    const Manifest& manifest; ///< for the links that may leave the prefix
};

/// Where everything of the packages goes in the prefix, with the environment's own files. Conda
/// packages that bring link scripts are named: envpm does not run them. `trees` are those of the
/// packages, in their order. Throws as `pypi::wheel_layout`, `conda::package_layout` and
/// `realize::compose` do.
Layout layout_of(const LayoutRequest& request, std::vector<Tree> trees, const store::Store& store,
                 project::Services& services);

} // namespace envpm::installing
