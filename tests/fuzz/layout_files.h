#pragma once

#include "model/layout.h"
#include "model/tree.h"

#include <map>
#include <string>
#include <string_view>

// What the fuzz targets of layouts share: how files stand in one input, and what every layout is.

namespace envpm::fuzz {

/// A package's files by path; a path twice is one.
using LayoutFiles = std::map<std::string, std::string>;

/// "=== " and the path in a line before each file.
LayoutFiles layout_files(std::string_view input);

/// Throws an Error for a path that is none.
Tree tree_of(const LayoutFiles& files);

/// Asserts that the entries are sorted, none twice, and that none is the environment's own.
void check_layout(const Layout& layout);

} // namespace envpm::fuzz
