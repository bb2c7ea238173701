#pragma once

#include <optional>
#include <string_view>

namespace envpm::realize {

/// How objects get into a prefix. Never part of any digest.
enum class LinkMode { automatic, reflink, hard_link, copy };

std::optional<LinkMode>
parse_link_mode(std::string_view text); ///< "auto", "reflink", "hardlink", "copy"

} // namespace envpm::realize
