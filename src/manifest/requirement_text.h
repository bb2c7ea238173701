#pragma once

#include "model/manifest.h"

#include <string>
#include <string_view>

namespace envpm::manifest {

/// Splits a PEP 508 text ("torch[opt] >=2,<3 ; marker") into its parts without reading specifier
/// and marker, whose language is not the manifest's. Throws an Error at `location`; so it does for
/// a direct reference (`name @ url`).
ManifestRequirement split_requirement(std::string_view text, const SourceLocation& location);

/// The PEP 508 text of a requirement, as arrays of pyproject.toml hold it. An index has no place in
/// it.
std::string requirement_text(const ManifestRequirement& requirement);

} // namespace envpm::manifest
