#pragma once

#include "solver/solve.h"
#include "universe/package_universe.h"

#include <string>
#include <vector>

namespace envpm::advice {

/// What of a solution somebody would wonder about: newer releases that were passed over because
/// their metadata or their index's entry cannot be read, and yanked ones that were taken (PEP 592).
std::vector<std::string> notes_on_choice(const Resolution& resolution,
                                         const universe::PackageUniverse& universe);

} // namespace envpm::advice
