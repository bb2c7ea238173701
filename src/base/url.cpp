#include "base/url.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace envpm {

namespace {

/// The pieces of a hierarchical URL, as it spells them.
struct UrlParts {
    std::string scheme; ///< lower case
    std::string_view credentials;
    std::string_view host; ///< with port
    std::string_view path;
    std::string_view query; ///< with its question mark
};

std::string scheme_of(std::string_view url);
std::optional<UrlParts> split(std::string_view url);
std::string joined(const UrlParts& base, std::string_view path_and_query);
std::string without_dots(std::string_view path);
bool may_lead_to(std::string_view from, std::string_view to);
bool is_clean(std::string_view reference);
bool is_plain_part(std::string_view part);

} // namespace

std::optional<std::string> resolve_url(std::string_view page, std::string_view reference) {
    reference = reference.substr(0, reference.find('#'));
    const std::optional<UrlParts> base = split(page);
    if (!is_clean(reference) || !base || reference.empty()) {
        return std::nullopt;
    }
    if (!scheme_of(reference).empty()) {
        const std::optional<UrlParts> target = split(reference);
        if (!target || !may_lead_to(base->scheme, target->scheme)) {
            return std::nullopt;
        }
        return std::string(reference);
    }
    if (reference.starts_with("//")) {
        return base->scheme + ":" + std::string(reference);
    }
    if (reference.front() == '/') {
        return joined(*base, reference);
    }
    if (reference.front() == '?') {
        return joined(*base, std::string(base->path) + std::string(reference));
    }
    const std::string_view folder = base->path.substr(0, base->path.rfind('/') + 1);
    return joined(*base, (folder.empty() ? "/" : std::string(folder)) + std::string(reference));
}

UrlResolver::UrlResolver(std::string page)
    : page_(std::move(page)) {}

std::optional<std::string> UrlResolver::resolve(std::string_view reference) {
    reference = reference.substr(0, reference.find('#'));
    const std::string_view folder = reference.substr(0, reference.rfind('/') + 1);
    const std::string_view part = reference.substr(folder.size());
    if (folder.empty() || !is_plain_part(part)) {
        return resolve_url(page_, reference);
    }
    if (folder != folder_) {
        const std::optional<std::string> resolved = resolve_url(page_, folder);
        if (!resolved) {
            return std::nullopt;
        }
        folder_ = folder;
        resolved_folder_ = *resolved;
    }
    return resolved_folder_ + std::string(part);
}

std::string without_credentials(std::string_view url) {
    if (url.find('@') == std::string_view::npos) {
        return std::string(url);
    }
    const std::optional<UrlParts> parts = split(url);
    if (!parts || parts->credentials.empty()) {
        return std::string(url);
    }
    const std::size_t begin = url.find("://") + 3;
    return std::string(url.substr(0, begin)) +
           std::string(url.substr(begin + parts->credentials.size()));
}

std::string with_credentials_of(std::string_view url, std::string_view other) {
    const std::optional<UrlParts> to = split(url);
    const std::optional<UrlParts> from = split(other);
    if (!to || !from || from->credentials.empty() || !to->credentials.empty() ||
        to->scheme != from->scheme || to->host != from->host) {
        return std::string(url);
    }
    const std::size_t begin = url.find("://") + 3;
    return std::string(url.substr(0, begin)) + std::string(from->credentials) +
           std::string(url.substr(begin));
}

bool is_local_url(std::string_view url) {
    return url.starts_with("file:");
}

std::string file_name_of_url(std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    const std::string_view name = url.substr(url.rfind('/') + 1);
    std::string decoded;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const int high = i + 2 < name.size() ? hex_digit(name[i + 1]) : -1;
        const int low = i + 2 < name.size() ? hex_digit(name[i + 2]) : -1;
        if (name[i] == '%' && high >= 0 && low >= 0) {
            decoded += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            decoded += name[i];
        }
    }
    return decoded;
}

std::string file_url(const std::filesystem::path& path) {
    std::string url = "file://";
    for (const char character : path.string()) {
        const bool is_plain = is_letter_or_digit(character) ||
                              std::string_view("/-._~").find(character) != std::string_view::npos;
        url += is_plain ? std::string(1, character)
                        : fmt::format("%{:02X}", static_cast<unsigned char>(character));
    }
    return url;
}

namespace {

/// Lower case; empty for a relative reference.
std::string scheme_of(std::string_view url) {
    const std::size_t colon = url.find_first_of(":/?#");
    if (colon == std::string_view::npos || url[colon] != ':') {
        return {};
    }
    return ascii_lower(url.substr(0, colon));
}

std::optional<UrlParts> split(std::string_view url) {
    UrlParts parts;
    parts.scheme = scheme_of(url);
    const std::size_t begin = parts.scheme.size() + 3;
    if (parts.scheme.empty() || !url.substr(parts.scheme.size()).starts_with("://")) {
        return std::nullopt;
    }
    const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
    const std::string_view authority = url.substr(begin, end - begin);
    const std::size_t at = authority.rfind('@');
    const std::size_t host = at == std::string_view::npos ? 0 : at + 1;
    parts.credentials = authority.substr(0, host);
    parts.host = authority.substr(host);
    const std::string_view rest = url.substr(end, url.find('#', end) - end);
    const std::size_t question = std::min(rest.find('?'), rest.size());
    parts.path = rest.substr(0, question);
    parts.query = rest.substr(question);
    return parts;
}

std::string joined(const UrlParts& base, std::string_view path_and_query) {
    const std::size_t question = std::min(path_and_query.find('?'), path_and_query.size());
    return base.scheme + "://" + std::string(base.host) +
           without_dots(path_and_query.substr(0, question)) +
           std::string(path_and_query.substr(question));
}

/// RFC 3986, 5.2.4: `.` and `..` are resolved, and no `..` leaves the root.
std::string without_dots(std::string_view path) {
    std::vector<std::string_view> kept;
    bool ends_in_folder = false;
    for (std::size_t begin = 1; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string_view part = path.substr(begin, end - begin);
        ends_in_folder = part == "." || part == "..";
        if (part == ".." && !kept.empty()) {
            kept.pop_back();
        } else if (!ends_in_folder) {
            kept.push_back(part);
        }
        begin = end + 1;
    }
    std::string text;
    for (const std::string_view part : kept) {
        text += '/';
        text += part;
    }
    return text.empty() || ends_in_folder ? text + "/" : text;
}

bool may_lead_to(std::string_view from, std::string_view to) {
    return to == "https" || (to == "http" && from != "https") || (to == "file" && from == "file");
}

bool is_clean(std::string_view reference) {
    return std::all_of(reference.begin(), reference.end(), [](char c) {
        return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '\\';
    });
}

/// Stands for itself behind any folder.
bool is_plain_part(std::string_view part) {
    return is_clean(part) && part != "." && part != ".." &&
           part.find('?') == std::string_view::npos;
}

} // namespace

} // namespace envpm
