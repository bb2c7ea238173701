#pragma once

#include <string_view>

namespace envpm::fuzz {

/// Reads a project's page of an index and asserts that what it offers is safe to use.
void check_page(std::string_view bytes, std::string_view content_type);

} // namespace envpm::fuzz
