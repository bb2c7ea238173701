#include "lockfiles/canonical.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace envpm::lockfiles {

Lock in_canonical_order(Lock lock) {
    std::sort(
        lock.targets.begin(), lock.targets.end(),
        [](const LockedTarget& a, const LockedTarget& b) { return a.target.name < b.target.name; });
    for (LockedPackage& package : lock.packages) {
        std::sort(package.targets.begin(), package.targets.end());
        std::sort(package.extras.begin(), package.extras.end());
        std::sort(package.dependencies.begin(), package.dependencies.end());
        std::sort(package.wins.begin(), package.wins.end());
    }
    std::sort(lock.packages.begin(), lock.packages.end(),
              [](const LockedPackage& a, const LockedPackage& b) {
                  return std::tie(a.name, a.version, a.file, a.targets) <
                         std::tie(b.name, b.version, b.file, b.targets);
              });
    return lock;
}

} // namespace envpm::lockfiles
