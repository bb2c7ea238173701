#include "fetch/curl_transfer.h"

#include "base/assert.h"
#include "fetch/curl_failure.h"
#include "fetch/url.h"

#include <span>
#include <string_view>

namespace envpm::fetch {

namespace {

constexpr long most_redirects = 10;
constexpr std::size_t longest_url = 64U << 10U;

/// CURLOPT_QUICK_EXIT, which headers before 7.87 do not have.
constexpr auto quick_exit = static_cast<CURLoption>(CURLOPTTYPE_LONG + 322);

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) noexcept;
std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) noexcept;
int before_request(void* user, char* to, char* from, int to_port, int from_port) noexcept;

} // namespace

CurlTransfer::CurlTransfer(const CurlFunctions& functions, Receiver& receiver_of_it,
                           std::exception_ptr& failure_of_loop)
    : curl(functions),
      easy(curl.easy_init(), curl.easy_cleanup),
      headers(nullptr, curl.slist_free_all),
      receiver(receiver_of_it),
      failure(failure_of_loop) {
    ENVPM_ASSERT(easy);
}

void CurlTransfer::configure(const Transfer& transfer, const NetworkSettings& settings,
                             bool host_has_http2) {
    url = transfer.url;
    const bool is_https = has_scheme(url, "https");
    // An empty one is refused as every other bad URL is; libcurl's own limit would be an assertion.
    set(CURLOPT_URL, url.size() <= longest_url ? url.c_str() : "");
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_ERRORBUFFER, words.data());
    set(CURLOPT_USERAGENT, settings.user_agent.c_str());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, is_https ? "https" : "http,https");
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, most_redirects);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings.connect_timeout.count()));
    set(CURLOPT_BUFFERSIZE, transfer.buffer_bytes);
    // A thread that still asks for an address is left to itself when its transfer ends. It would be
    // waited for, with all other transfers; a libcurl that does not know this goes on to do so.
    static_cast<void>(curl.easy_setopt(easy.get(), quick_exit, 1L));
    set_headers(transfer.headers);
    set_callbacks();
    set_proxy(settings);
    if (!settings.netrc_file.empty()) {
        set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
        set(CURLOPT_NETRC_FILE, settings.netrc_file.c_str());
    }
    if (!transfer.range.empty()) {
        set(CURLOPT_RANGE, transfer.range.c_str());
    }
    may_http2 = transfer.protocol == Transfer::Protocol::any && is_https && host_has_http2;
    set(CURLOPT_HTTP_VERSION,
        static_cast<long>(may_http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    // Waiting for the first handshake shows whether one connection is enough for all.
    set(CURLOPT_PIPEWAIT, may_http2 ? 1L : 0L);
    // Of a host with HTTP/2 libcurl shares connections of HTTP/1.1 too, and mixes up their answers
    // (curl issue 4885). It never takes one of other TLS options: this one is Schannel's alone.
    set(CURLOPT_SSL_OPTIONS, static_cast<long>(may_http2 ? CURLSSLOPT_NO_REVOKE : 0));
}

void CurlTransfer::set_headers(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
        curl_slist* const longer = curl.slist_append(headers.get(), line.c_str());
        ENVPM_ASSERT(longer != nullptr);
        static_cast<void>(headers.release());
        headers.reset(longer);
    }
    set(CURLOPT_HTTPHEADER, headers.get());
}

void CurlTransfer::set_callbacks() {
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_PREREQFUNCTION, &before_request);
    set(CURLOPT_PREREQDATA, this);
}

void CurlTransfer::set_proxy(const NetworkSettings& settings) {
    // Empty strings keep libcurl from reading the environment, which `main` has read already.
    const std::string& proxy =
        has_scheme(url, "https") ? settings.https_proxy : settings.http_proxy;
    set(CURLOPT_PROXY, proxy.c_str());
    set(CURLOPT_NOPROXY, settings.no_proxy.c_str());
}

void CurlTransfer::set_authorities(const Authorities& by) {
    const auto text = [](const std::string& path) { return path.empty() ? nullptr : path.c_str(); };
    authorities = by;
    set(CURLOPT_CAINFO, text(authorities.file));
    set(CURLOPT_CAPATH, text(authorities.folder));
}

void CurlTransfer::set_succeeded(CURLcode code) {
    ENVPM_ASSERT(code == CURLE_OK);
}

void CurlTransfer::begin_again() {
    words.fill('\0');
    was_https = false; // before a redirect
}

long CurlTransfer::redirects_now() const {
    long count = 0;
    curl.easy_getinfo(easy.get(), CURLINFO_REDIRECT_COUNT, &count);
    return count;
}

bool CurlTransfer::is_fault_of_http2(CURLcode code) const {
    if (code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM) {
        return true;
    }
    const bool broke = code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
                       code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE;
    return may_http2 && broke;
}

Failure CurlTransfer::failure_of(CURLcode code, const NetworkSettings& settings) const {
    CurlFailure seen;
    seen.code = code;
    curl.easy_getinfo(easy.get(), CURLINFO_HTTP_CONNECTCODE, &seen.proxy_status);
    seen.host = place_name(url);
    seen.words = words.front() != '\0' ? words.data() : curl.easy_strerror(code);
    seen.proxy = shown_url(has_scheme(url, "https") ? settings.https_proxy : settings.http_proxy);
    seen.has_exempt_hosts = !settings.no_proxy.empty();
    seen.ca_file = settings.ca_file;
    seen.ca_folder = settings.ca_folder;
    seen.was_https = was_https;
    const std::string last = read_head(curl, easy.get()).url;
    seen.is_for_web = has_scheme(last, "https") || (has_scheme(last, "http") && !was_https);
    seen.most_redirects = most_redirects;
    return fetch::failure_of(seen);
}

namespace {

std::size_t on_header(char* /*data*/, std::size_t size, std::size_t count, void* user) noexcept {
    auto& transfer = *static_cast<CurlTransfer*>(user);
    transfer.patience.received(Clock::now(), 0);
    return size * count;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) noexcept {
    auto& transfer = *static_cast<CurlTransfer*>(user);
    try {
        Flow flow = Flow::go_on;
        if (!transfer.head_told) {
            transfer.head_told = true;
            flow = transfer.receiver.head(read_head(transfer.curl, transfer.easy.get()));
        }
        if (flow == Flow::go_on) {
            flow = transfer.receiver.body(std::as_bytes(std::span(data, size * count)));
        }
        if (flow == Flow::pause) {
            transfer.is_paused = true;
            transfer.patience.pause();
            return CURL_WRITEFUNC_PAUSE;
        }
        if (flow == Flow::stop) {
            transfer.stopped = true;
            return CURL_WRITEFUNC_ERROR;
        }
        transfer.patience.received(Clock::now(), size * count);
        return size * count;
    } catch (...) {
        transfer.failure = std::current_exception();
        return CURL_WRITEFUNC_ERROR;
    }
}

/// Runs before each request, those after redirects too: an answer is waited for from then on, and
/// what was asked for under TLS is never asked for again without.
int before_request(void* user, char* /*to*/, char* /*from*/, int /*to_port*/,
                   int /*from_port*/) noexcept {
    auto& transfer = *static_cast<CurlTransfer*>(user);
    transfer.redirects = transfer.redirects_now();
    transfer.patience.request_sent(Clock::now());
    const char* scheme = nullptr;
    transfer.curl.easy_getinfo(transfer.easy.get(), CURLINFO_SCHEME, &scheme);
    const std::string_view name = scheme != nullptr ? scheme : "";
    const bool is_https = name == "HTTPS" || name == "https";
    const bool leaves_https = transfer.was_https && !is_https;
    transfer.was_https = transfer.was_https || is_https;
    return leaves_https ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

} // namespace

} // namespace envpm::fetch
