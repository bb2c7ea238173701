#pragma once

#include "manifest/edit.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace envpm::manifest {

/// A requirement's entry as an edit writes it.
struct EntryText {
    PackageName name;
    /// `version`, then what else such an entry may have, each with its value as TOML; none: the
    /// entry does not have it.
    std::vector<std::pair<const char*, std::optional<std::string>>> fields;

    /// The version alone where nothing else is said, else an inline table.
    [[nodiscard]] std::string value() const;
};

/// Of `[pypi-dependencies]`.
EntryText wheel_entry(const ManifestRequirement& requirement);

/// Of `[dependencies]`.
EntryText conda_entry(const Addition& addition);

} // namespace envpm::manifest
