#pragma once

#include "model/answer.h"
#include "universe/package_universe.h"

#include <string>
#include <vector>

namespace envpm::advice {

/// One for each index that gives no upload times, for `exclude-newer` keeps nothing of it out, and
/// for each chosen wheel without one where its index gives others. Only for a solve under
/// `exclude-newer`.
std::vector<std::string> notes_on_upload_times(const Resolution& resolution,
                                               const universe::PackageUniverse& universe);

} // namespace envpm::advice
