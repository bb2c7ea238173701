#include "manifest/index_url.h"

#include "base/toml_fields.h"
#include "model/channel_subdir.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::manifest {

namespace {

std::string with_scheme(std::string_view url);
std::string without_page(std::string url);

} // namespace

std::optional<UrlFault> fault_of_source_url(std::string_view url, const std::string& what) {
    const std::size_t colon = url.find("://");
    const std::string_view scheme = url.substr(0, colon);
    if (colon == std::string_view::npos ||
        (scheme != "https" && scheme != "http" && scheme != "file")) {
        return UrlFault{what + " begins with `https://`, `http://` or `file://`", with_scheme(url)};
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

std::optional<UrlFault> fault_of_channel_url(const std::string& url) {
    const std::string channel = without_page(url);
    const std::size_t end = end_of_channel(channel);
    if (end == channel.size()) {
        return std::nullopt;
    }
    return UrlFault{fmt::format("{} leads to `{}` of a channel, not to the channel",
                                toml_quoted(url), channel.substr(end + 1)),
                    fmt::format("write {}; envpm asks for the subdirs by itself",
                                toml_quoted(channel.substr(0, end)))};
}

namespace {

/// What may be meant; nothing for another scheme, or what may hold a password.
std::string with_scheme(std::string_view url) {
    const bool is_plain = std::all_of(
        url.begin(), url.end(), [](char c) { return c > ' ' && c <= '~' && c != '@' && c != '`'; });
    if (url.empty() || !is_plain || url.find("://") != std::string_view::npos) {
        return {};
    }
    return url.front() == '/' ? fmt::format("write `file://{}`", url)
                              : fmt::format("as in `https://{}`", url);
}

/// Without the slashes at its end and a page's name.
std::string without_page(std::string url) {
    const std::size_t end = url.find_last_not_of('/') + 1;
    url.resize(end);
    const std::size_t name = url.rfind('/') + 1;
    if (std::string_view(url).substr(name).starts_with("repodata")) {
        url.resize(url.find_last_not_of('/', name - 1) + 1);
    }
    return url;
}

} // namespace

} // namespace envpm::manifest
