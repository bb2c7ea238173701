#pragma once

#include "model/layout.h"
#include "model/path_pattern.h"

#include <vector>

namespace envpm::realize {

/// Throws an Error of code 6 that names the first link of which the target, followed through the
/// other links of the layout, steps out of the prefix, or that takes more steps than any real one.
/// A link that leads to nothing, or in a circle, harms nobody. What the environment's own links
/// begin with, tokens among it, is not asked, nor where links at the allowed paths lead; but no
/// package's link may begin with a token.
void check_links(const std::vector<LayoutEntry>& entries, const std::vector<PathPattern>& allowed);

} // namespace envpm::realize
