#pragma once

#include "base/toml.h"
#include "model/manifest.h"

#include <string>
#include <vector>

namespace envpm::manifest {

// The tables whose keys are packages. `where` is the table's name for complaints; a name that
// stands twice after normalisation is an Error that names both places.

/// `[dependencies]`: version, or version and build, or a table with version, build and channel.
std::vector<CondaRequirement> read_dependencies(const TomlValue& table, const std::string& where);

/// `[pypi-dependencies]`: a specifier, or a table with version, extras, marker and index.
std::vector<ManifestRequirement> read_pypi_dependencies(const TomlValue& table,
                                                        const std::string& where);

/// `[constraints]`: a specifier, or a table with version and marker.
std::vector<ManifestRequirement> read_constraints(const TomlValue& table, const std::string& where);

/// `[overrides]`: a specifier.
std::vector<Override> read_overrides(const TomlValue& table, const std::string& where);

/// `python` is no wheel: it has its own table.
void refuse_python(const PackageName& name, const SourceLocation& location,
                   const std::string& where);

} // namespace envpm::manifest
