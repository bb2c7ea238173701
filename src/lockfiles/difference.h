#pragma once

#include "model/lock.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::lockfiles {

/// One package that differs between two locks. Equal versions with different files count too.
struct Change {
    PackageName name;
    std::optional<std::string> before; ///< version; absent: added
    std::optional<std::string> after;  ///< version; absent: removed
    std::vector<std::string> targets;  ///< where, if not in all of the lock's targets
    /// The same file of the same source has another sha256: somebody put another in its place.
    bool is_replaced = false;
    /// What the lock before had wrong of the same file: of `sha256`, `size`. A sha256 counts as
    /// wrong in a lock whose `env` is not the digest of its packages: that is damaged, or merged by
    /// hand.
    std::vector<std::string> corrected{};

    bool operator==(const Change&) const = default;
};

/// A target that only one of the locks has.
struct TargetChange {
    std::string target;
    bool is_added = false; ///< else removed
    std::size_t packages = 0;

    bool operator==(const TargetChange&) const = default;
};

/// Sorted by name; empty if there was no lock before.
std::vector<TargetChange> target_difference(const std::optional<Lock>& before, const Lock& after);

/// What a target brings or takes along that the other lock has for another one is no change.
/// Sorted by name; empty for equal package sets. A Python of the host is told of like a package.
std::vector<Change> difference(const std::optional<Lock>& before, const Lock& after);

} // namespace envpm::lockfiles
