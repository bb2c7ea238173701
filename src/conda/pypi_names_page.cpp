#include "conda/pypi_names_page.h"

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/url.h"
#include "conda/page_age.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace envpm::conda {

namespace {

constexpr std::int64_t file_version = 1;

/// A table as the server had it: a line of JSON with what is known of it, then its lines.
struct CachedNames {
    std::int64_t fetched_nanoseconds = 0; ///< since 1970, as the next
    std::int64_t fresh_until_nanoseconds = 0;
    std::string etag;
    std::string last_modified;
    std::string lines;
};

std::optional<CachedNames> read_cached(const std::filesystem::path& file, const std::string& url);
CachedNames parse_cached(std::string_view text, const std::string& url);
void store(const std::filesystem::path& file, const std::string& url, const CachedNames& names);
bool is_usable(const CachedNames& names, const CachePolicy& policy);
CachedNames fetch_names(const std::string& url, std::optional<CachedNames> known,
                        HttpTransport& transport, const CachePolicy& policy);
HttpResponse ask(const std::string& url, const CachedNames* known, HttpTransport& transport);
PypiNames hold_page(std::string body, const std::string& url);
[[noreturn]] void throw_unreachable(const std::string& url, const HttpResponse& response);

} // namespace

PypiNames names_at(const std::string& url, HttpTransport& transport,
                   const std::filesystem::path& folder, const CachePolicy& policy) {
    const bool is_local = is_local_url(url);
    const std::filesystem::path file = folder / sha256_of(url).hex().substr(0, 16);
    std::optional<CachedNames> known = is_local ? std::nullopt : read_cached(file, url);
    if (known && is_usable(*known, policy)) {
        return PypiNames::hold(std::move(known->lines), url);
    }
    if (policy.offline && !is_local) {
        throw Error({"the table of conda names is not in the cache", url,
                     "envpm is offline; run `envpm lock` once without `--offline`"},
                    ExitCode::network);
    }
    CachedNames current = fetch_names(url, std::move(known), transport, policy);
    PypiNames names = hold_page(std::move(current.lines), url);
    if (!is_local) {
        current.lines = names.text();
        store(file, url, current);
    }
    return names;
}

namespace {

std::optional<CachedNames> read_cached(const std::filesystem::path& file, const std::string& url) {
    const std::optional<std::string> text = read_file_if_present(file);
    if (!text) {
        return std::nullopt;
    }
    // A damaged file is an absent one: the table is fetched again.
    try {
        return parse_cached(*text, url);
    } catch (const Error&) {
        return std::nullopt;
    }
}

CachedNames parse_cached(std::string_view text, const std::string& url) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const Json head = parse_json(text.substr(0, end), url);
    std::string lines(text.substr(std::min(end + 1, text.size())));
    if (head.number("version") != file_version || head.text("url") != url ||
        head.text("sha256") != sha256_of(lines).hex()) {
        throw Error({"a table of conda names is damaged", url, {}});
    }
    return {head.number("fetched"), head.number("fresh-until"), head.text("etag"),
            head.text("last-modified"), std::move(lines)};
}

void store(const std::filesystem::path& file, const std::string& url, const CachedNames& names) {
    const Json::Object head{{"version", file_version},
                            {"url", url},
                            {"fetched", names.fetched_nanoseconds},
                            {"fresh-until", names.fresh_until_nanoseconds},
                            {"etag", names.etag},
                            {"last-modified", names.last_modified},
                            {"sha256", sha256_of(names.lines).hex()}};
    write_file(file, to_text(head) + "\n" + names.lines, Durability::cached);
}

/// A table of this very run counts as young even when all is to be asked for anew.
bool is_usable(const CachedNames& names, const CachePolicy& policy) {
    const std::int64_t now = policy.now_nanoseconds();
    const bool is_young = names.fetched_nanoseconds < now && now < names.fresh_until_nanoseconds;
    return policy.offline || names.fetched_nanoseconds == now || (is_young && !policy.refresh);
}

/// What is known if the server says that it is unchanged; else its answer, in place of the lines.
CachedNames fetch_names(const std::string& url, std::optional<CachedNames> known,
                        HttpTransport& transport, const CachePolicy& policy) {
    HttpResponse response = ask(url, known ? &*known : nullptr, transport);
    CachedNames names;
    if (known && response.error.empty() && response.status == 304) {
        names = std::move(*known);
    } else if (response.error.empty() && response.status == 200) {
        names.etag = response.etag;
        names.last_modified = response.last_modified;
        names.lines = std::move(response.body);
    } else {
        throw_unreachable(url, response);
    }
    names.fetched_nanoseconds = policy.now_nanoseconds();
    const std::chrono::nanoseconds age = age_allowed(response.cache_control, policy.page_age);
    names.fresh_until_nanoseconds = names.fetched_nanoseconds + age.count();
    return names;
}

HttpResponse ask(const std::string& url, const CachedNames* known, HttpTransport& transport) {
    HttpRequest request{url, {}, std::nullopt, PypiNames::largest_bytes};
    if (known != nullptr && !known->etag.empty()) {
        request.headers.push_back("If-None-Match: " + known->etag);
    }
    if (known != nullptr && !known->last_modified.empty()) {
        request.headers.push_back("If-Modified-Since: " + known->last_modified);
    }
    return std::move(transport.get(std::array{std::move(request)}).front());
}

PypiNames hold_page(std::string body, const std::string& url) {
    try {
        return PypiNames::hold(std::move(body), url);
    } catch (const Error& error) {
        throw Error({"what lies at `pypi-names` is no table of conda names: " + error.text().what,
                     error.text().subject,
                     "as in `pytorch torch`, a line each, or `{\"pytorch\": [\"torch\"]}`"},
                    ExitCode::network);
    }
}

void throw_unreachable(const std::string& url, const HttpResponse& response) {
    throw Error(
        {"the table of conda names cannot be had",
         fmt::format("{}: {}", url,
                     response.error.empty() ? fmt::format("the server answered {}", response.status)
                                            : response.error),
         "check `pypi-names` under `[conda]` of the configuration, and the network; with "
         "`--offline` envpm makes do with what is in the cache"},
        ExitCode::network);
}

} // namespace

} // namespace envpm::conda
