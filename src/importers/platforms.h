#pragma once

#include "importers/imported.h"

#include <string>

namespace envpm::importers {

/// A target of the platform's name, or a remark if envpm does not know the platform; a second time
/// it changes nothing.
void add_platform(const std::string& text, const SourceLocation& location, Imported& imported);

/// Whether what counts only on `platform` counts on every target.
bool is_everywhere(Platform platform, const Imported& imported);

} // namespace envpm::importers
