#pragma once

#include "model/manifest.h"

#include <filesystem>
#include <optional>
#include <string>

namespace envpm::manifest {

/// What `add` writes: `[pypi-dependencies]` unless `to_dependencies`.
struct Addition {
    ManifestRequirement requirement;
    bool to_dependencies = false; ///< `[dependencies]`: a conda package, or python
    bool is_conda = false;        ///< its specifier is in conda's language, and its index a channel
    std::string build{};          ///< conda's, where an entry has it beside the version
};

/// The text with the requirement added or its entry replaced; comments, order and style of the rest
/// stay byte for byte. A new entry goes where the table's order puts it if the table is sorted,
/// else to its end. In pyproject.toml the `[project] dependencies` array is edited; an Error if the
/// name has requirements for several markers there or beside it, and the addition is for none.
std::string with_requirement(const std::string& text, const std::filesystem::path& file,
                             const Addition& addition);

/// The text without the requirement; an Error with the near miss if there is none.
std::string without_requirement(const std::string& text, const std::filesystem::path& file,
                                const PackageName& name);

/// The text with another specifier for an entry of `[constraints]`; without the entry if that is
/// empty.
std::string with_constraint(const std::string& text, const std::filesystem::path& file,
                            const ManifestRequirement& constraint);

/// The same for an entry of `[overrides]`.
std::string with_override(const std::string& text, const std::filesystem::path& file,
                          const ManifestRequirement& replaced);

/// The text with a value of `[gpu]`; without the key if that is empty.
std::string with_gpu_value(const std::string& text, const std::filesystem::path& file,
                           const std::string& key, const std::string& value);

/// The text with another `driver` of a target that has one.
std::string with_driver(const std::string& text, const std::filesystem::path& file,
                        const std::string& target, const std::string& driver);

/// What `init` writes.
std::string new_manifest(const std::string& workspace_name,
                         const std::optional<std::string>& python);

} // namespace envpm::manifest
