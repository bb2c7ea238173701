#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace envpm::manifest {

/// Why the URL of an index or a channel is not accepted, and what to write instead.
struct UrlFault {
    std::string what;
    std::string hint;
};

/// Nothing if `url` is one of http, https or file that a source may have: a host (none for file),
/// no credentials, no query, no fragment, no blanks. Never quotes the URL, which may hold a
/// password. `what` is as in "an index URL".
std::optional<UrlFault> fault_of_source_url(std::string_view url, const std::string& what);

/// Nothing if `url`, which may be a source's, can be that of a channel: it does not lead to one of
/// a channel's subdirs or to a page of it, as it is copied from a browser.
std::optional<UrlFault> fault_of_channel_url(const std::string& url);

} // namespace envpm::manifest
