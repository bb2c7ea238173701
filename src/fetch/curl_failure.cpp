#include "fetch/curl_failure.h"

#include "base/http.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace envpm::fetch {

namespace {

constexpr int status_wants_password = 407;

Failure of_proxy(const CurlFailure& failure);
Failure untrusted(const CurlFailure& failure);
std::string in_words(const std::string& problem);
Failure wrong_protocol(const CurlFailure& failure);
Failure not_understood(const CurlFailure& failure);
std::string by_proxy(const CurlFailure& failure);

} // namespace

Failure failure_of(const CurlFailure& failure) {
    const auto result = [](FailureClass kind, std::string reason) {
        return Failure{kind, std::move(reason), std::nullopt};
    };
    if (failure.proxy_status >= 400) {
        return of_proxy(failure);
    }
    switch (failure.code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
        return result(FailureClass::unreachable,
                      fmt::format("`{}` cannot be reached: {}{}", failure.host, failure.words,
                                  by_proxy(failure)));
    case CURLE_SSL_CONNECT_ERROR:
        return result(FailureClass::unreachable,
                      fmt::format("no TLS connection with `{}` can be made: {}{}", failure.host,
                                  failure.words, by_proxy(failure)));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return untrusted(failure);
    case CURLE_TOO_MANY_REDIRECTS:
        return result(FailureClass::absent, fmt::format("`{}` redirects more than {} times",
                                                        failure.host, failure.most_redirects));
    case CURLE_WEIRD_SERVER_REPLY:
        return not_understood(failure);
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WRITE_ERROR: // also for what follows the end of compressed bytes
        return result(FailureClass::transient,
                      fmt::format("`{}` sent compressed bytes that cannot be unpacked: {}",
                                  failure.host, failure.words));
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_ABORTED_BY_CALLBACK:
        return wrong_protocol(failure);
    case CURLE_URL_MALFORMAT:
        return result(FailureClass::absent, "the URL cannot be read");
    default:
        return result(FailureClass::transient,
                      fmt::format("the connection to `{}` broke: {}{}", failure.host, failure.words,
                                  by_proxy(failure)));
    }
}

namespace {

Failure of_proxy(const CurlFailure& failure) {
    return {failure.proxy_status >= 500 ? FailureClass::transient : FailureClass::absent,
            fmt::format("the proxy `{}` refused the way to `{}` with {}{}", failure.proxy,
                        failure.host, failure.proxy_status,
                        failure.proxy_status == status_wants_password
                            ? ": it wants user and password, in its URL in `https_proxy`"
                            : ""),
            std::nullopt};
}

Failure untrusted(const CurlFailure& failure) {
    const std::string both = failure.ca_file.empty() || failure.ca_folder.empty() ? "" : "` and `";
    const std::string configured = failure.ca_file + both + failure.ca_folder;
    const std::string place = configured.empty() ? "the system" : fmt::format("`{}`", configured);
    return {FailureClass::absent,
            fmt::format("the certificate of `{}` {}{} (certificates are taken from {}; "
                        "ENVPM_CA_FILE names another file)",
                        failure.host, not_trusted_words, in_words(failure.words), place),
            std::nullopt};
}

/// Of a date OpenSSL says no more than that it is wrong; it may also be that of an authority.
std::string in_words(const std::string& problem) {
    if (problem.find("has expired") != std::string::npos) {
        return fmt::format("{}: its server needs a new one, unless this machine's clock is wrong",
                           expired_words);
    }
    if (problem.find("not yet valid") != std::string::npos) {
        return fmt::format("{}, if this machine's clock is right", not_yet_valid_words);
    }
    return problem;
}

Failure wrong_protocol(const CurlFailure& failure) {
    if (failure.code == CURLE_UNSUPPORTED_PROTOCOL && failure.is_for_web) {
        return not_understood(failure); // it has no status line, or one of another HTTP
    }
    return {
        FailureClass::absent,
        failure.was_https
            ? fmt::format("`{}` redirects from https to another protocol", failure.host)
            : fmt::format("`{}` leads to something that is neither http nor https", failure.host),
        std::nullopt};
}

Failure not_understood(const CurlFailure& failure) {
    return {FailureClass::absent,
            fmt::format("`{}` sent an answer that cannot be understood: {}", failure.host,
                        failure.words),
            std::nullopt};
}

std::string by_proxy(const CurlFailure& failure) {
    if (failure.proxy.empty()) {
        return "";
    }
    return fmt::format(" (the proxy is `{}`{})", failure.proxy,
                       failure.has_exempt_hosts ? ", unless no_proxy names the host" : "");
}

} // namespace

} // namespace envpm::fetch
