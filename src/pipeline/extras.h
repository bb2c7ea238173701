#pragma once

#include "model/answer.h"
#include "pipeline/package_universe.h"
#include "pipeline/requests.h"

#include <string>
#include <vector>

namespace envpm::pipeline {

/// A note for each extra that the manifest asks for and the chosen wheel does not have: what it was
/// to bring is missing, without an error, as with pip.
std::vector<std::string> notes_on_extras(const Resolution& resolution,
                                         const PackageUniverse& universe, const Requests& requests);

} // namespace envpm::pipeline
