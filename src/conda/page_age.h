#pragma once

#include <chrono>
#include <string_view>

namespace envpm::conda {

/// For how long a page may be used without asking: what the server's Cache-Control says (RFC 9111,
/// section 5.2.2), a day at most; `otherwise` if that says nothing of it.
std::chrono::seconds age_allowed(std::string_view cache_control, std::chrono::seconds otherwise);

} // namespace envpm::conda
