#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace envpm::fetch {

/// "host" or "host:port" in lower case, without user and password; "this machine" for file://.
std::string host_of(std::string_view url);

/// As messages name who is asked: the host, or the folder that a file:// URL leads into, for a
/// machine may have several.
std::string place_name(std::string_view url);

/// The URL as it may be shown: without user, password, query and fragment, where credentials and
/// signatures stand.
std::string shown_url(std::string_view url);

bool has_scheme(std::string_view url, std::string_view scheme);

/// The path of a file:// URL with its percent signs resolved; nothing for other URLs and for a
/// path that is not absolute.
std::optional<std::filesystem::path> file_of(std::string_view url);

} // namespace envpm::fetch
