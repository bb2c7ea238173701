#pragma once

#include "model/manifest.h"
#include "project/services.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::project {

/// An index that the user's pip asks beside its own one, and envpm does not, as neither the
/// manifest nor the configuration names it.
struct IgnoredIndex {
    std::string origin;  ///< a variable or pip's file
    std::string what;    ///< a sentence, without credentials
    std::string instead; ///< what to write, and where
};

std::vector<IgnoredIndex> ignored_indexes(const std::optional<Manifest>& manifest,
                                          const Services& services);

} // namespace envpm::project
