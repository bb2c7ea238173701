#pragma once

#include "importers/imported.h"

#include <string>
#include <string_view>

namespace envpm::importers {

/// Whether a line is `@EXPLICIT`.
bool is_explicit_list(std::string_view text);

/// A list of package URLs (CEP 23), as `conda list --explicit`, `conda-lock render` and others
/// write it: every URL becomes a pin, `# platform:` the target, and what conda-lock writes as
/// `# pip NAME @ URL` a wheel's version.
Imported read_explicit_list(std::string_view text, const std::string& file);

} // namespace envpm::importers
