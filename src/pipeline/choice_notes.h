#pragma once

#include "pipeline/package_universe.h"
#include "solver/solve.h"

#include <string>
#include <vector>

namespace envpm::pipeline {

/// What of a solution somebody would wonder about: newer releases that were passed over because
/// their metadata or their index's entry cannot be read, and yanked ones that were taken (PEP 592).
std::vector<std::string> notes_on_choice(const Resolution& resolution,
                                         const PackageUniverse& universe);

} // namespace envpm::pipeline
