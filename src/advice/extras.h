#pragma once

#include "model/answer.h"
#include "universe/package_universe.h"
#include "universe/requests.h"

#include <string>
#include <vector>

namespace envpm::advice {

/// A note for each extra that the manifest asks for and the chosen wheel does not have: what it was
/// to bring is missing, without an error, as with pip.
std::vector<std::string> notes_on_extras(const Resolution& resolution,
                                         const universe::PackageUniverse& universe,
                                         const universe::Requests& requests);

} // namespace envpm::advice
