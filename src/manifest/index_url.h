#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace envpm::manifest {

/// Why an index URL is not accepted, and what to write instead.
struct UrlFault {
    std::string what;
    std::string hint;
};

/// Nothing if `url` is one of http, https or file that an index may have: a host (none for file),
/// no credentials, no query, no fragment, no blanks. Never quotes the URL, which may hold a
/// password.
std::optional<UrlFault> fault_of_index_url(std::string_view url);

} // namespace envpm::manifest
