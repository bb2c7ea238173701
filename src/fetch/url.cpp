#include "fetch/url.h"

#include "base/ascii.h"

#include <algorithm>

namespace envpm::fetch {

namespace {

struct UrlParts {
    std::string_view scheme;
    std::string_view host;
    std::string_view path; ///< without query and fragment
};

UrlParts split(std::string_view url);

} // namespace

std::string host_of(std::string_view url) {
    const UrlParts parts = split(url);
    return ascii_lower(parts.scheme) == "file" ? "this machine" : ascii_lower(parts.host);
}

std::string place_name(std::string_view url) {
    const std::optional<std::filesystem::path> file = file_of(url);
    return file ? file->parent_path().string() : host_of(url);
}

std::string shown_url(std::string_view url) {
    const UrlParts parts = split(url);
    std::string shown;
    if (!parts.scheme.empty()) {
        shown.append(parts.scheme).append("://");
    }
    return shown.append(parts.host).append(parts.path);
}

bool has_scheme(std::string_view url, std::string_view scheme) {
    return ascii_lower(split(url).scheme) == scheme;
}

std::optional<std::filesystem::path> file_of(std::string_view url) {
    const UrlParts parts = split(url);
    if (ascii_lower(parts.scheme) != "file" || !(parts.host.empty() || parts.host == "localhost") ||
        !parts.path.starts_with('/')) {
        return std::nullopt;
    }
    std::string path;
    for (std::size_t i = 0; i < parts.path.size(); ++i) {
        if (parts.path[i] != '%') {
            path += parts.path[i];
            continue;
        }
        const int high = i + 2 < parts.path.size() ? hex_digit(parts.path[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(parts.path[i + 2]) : -1;
        if (low < 0 || high * 16 + low == 0) {
            return std::nullopt;
        }
        path += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return path;
}

namespace {

UrlParts split(std::string_view url) {
    UrlParts parts;
    url = url.substr(0, url.find_first_of("?#"));
    const std::size_t colon = url.find("://");
    if (colon != std::string_view::npos) {
        parts.scheme = url.substr(0, colon);
        url.remove_prefix(colon + 3);
    }
    const std::size_t slash = std::min(url.find('/'), url.size());
    parts.host = url.substr(0, slash);
    parts.path = url.substr(slash);
    const std::size_t at = parts.host.rfind('@');
    if (at != std::string_view::npos) {

        parts.host.remove_prefix(at + 1);
    }
    return parts;
}

} // namespace

} // namespace envpm::fetch
