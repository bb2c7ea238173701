#include "manifest/index_url.h"

#include <algorithm>

namespace envpm::manifest {

std::optional<UrlFault> fault_of_source_url(std::string_view url, const std::string& what) {
    const std::size_t colon = url.find("://");
    const std::string_view scheme = url.substr(0, colon);
    if (colon == std::string_view::npos ||
        (scheme != "https" && scheme != "http" && scheme != "file")) {
        return UrlFault{what + " begins with `https://`, `http://` or `file://`", {}};
    }
    const bool is_printable =
        std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c <= '~'; });
    if (!is_printable || url.find('\\') != std::string_view::npos) {
        return UrlFault{what + " holds printable ASCII only",
                        "write blanks and other letters as %XX"};
    }
    if (url.find_first_of("?#") != std::string_view::npos) {
        return UrlFault{what + " has no query and no fragment", {}};
    }
    const std::string_view rest = url.substr(colon + 3);
    const std::string_view host = rest.substr(0, rest.find('/'));
    if (host.find('@') != std::string_view::npos) {
        return UrlFault{what + " must not hold credentials",
                        "put user and password into ~/.netrc, where they are not committed"};
    }
    if (scheme == "file" && (!host.empty() || rest.size() < 2)) {
        return UrlFault{"a file URL is `file://` and an absolute path",
                        "as in `file:///srv/wheels/simple`"};
    }
    if (scheme != "file" && (host.empty() || host.front() == ':')) {
        return UrlFault{"the URL names no host", {}};
    }
    return std::nullopt;
}

} // namespace envpm::manifest
