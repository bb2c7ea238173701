#pragma once

#include "importers/imported.h"
#include "model/manifest.h"
#include "pipeline/import_sources.h"

#include <vector>

namespace envpm::pipeline {

// A manifest has one requirement a name, which counts on every target. What an imported file says
// of a name in several places, or for one platform, is brought to that as far as it can be; the
// rest becomes remarks.

/// An Error with its place for a spec that is none.
std::vector<CondaRequirement> import_specs(const importers::Imported& imported,
                                           ImportSources& sources, Remarks& remarks);

/// An Error with its place for a requirement that is none.
std::vector<ManifestRequirement> import_wheels(const importers::Imported& imported,
                                               ImportSources& sources, Remarks& remarks);

} // namespace envpm::pipeline
