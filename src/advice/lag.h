#pragma once

#include "model/answer.h"
#include "universe/package_universe.h"

#include <stop_token>
#include <string>
#include <vector>

namespace envpm::advice {

/// What a universe was made of, to make another one that differs in one line of the manifest.
struct LagSearch {
    const universe::UniverseRequest& wanted;
    universe::Listings& listings;
    universe::CondaRecords* conda; ///< null: no channels, and then no notes
    std::stop_token stop;
};

/// A note for each wheel that is asked for and is older than it could be only because a channel
/// serves a package that its newest release needs, in versions that are all too old or too new for
/// it; with what would let the index serve that package. Each was tried before it is told: the
/// manifest with the package under `[pypi-dependencies]` gives the newer release. Whatever else
/// holds a wheel back is not told. Costs nothing where no newest release is blocked so.
std::vector<std::string> notes_on_lag(const Resolution& resolution,
                                      universe::PackageUniverse& universe, const LagSearch& search);

} // namespace envpm::advice
