#pragma once

#include "manifest/document.h"

#include <cstddef>
#include <string>

namespace envpm::manifest {

// Edits of one list of a document, an array or an inline table. What stands in a line of its own
// stays so; a comma after the last item stays if there was one; `without_item` undoes `with_item`.

/// The text with `item` at `position` (from 0 to the number of items).
std::string with_item(const Document& document, const List& list, std::size_t position,
                      const std::string& item);

/// The text without that item, and without its line and comment if it has the line for itself.
std::string without_item(const Document& document, const List& list, std::size_t position);

} // namespace envpm::manifest
