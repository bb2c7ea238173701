#pragma once

#include "fetch/libcurl.h"
#include "fetch/retry.h"

#include <string>

namespace envpm::fetch {

/// What is known of a transfer that libcurl ended with an error.
struct CurlFailure {
    CURLcode code = CURLE_OK;
    long proxy_status = 0; ///< of the proxy's answer to CONNECT; 0: none
    std::string host;
    std::string words;             ///< libcurl's
    std::string proxy;             ///< its URL without credentials; empty: none
    bool has_exempt_hosts = false; ///< of the proxy: this one may be one of them
    std::string ca_file;           ///< as configured; empty: the system's
    std::string ca_folder;         ///< the same
    bool was_https = false;        ///< some request of it was made under TLS
    bool is_for_web = true; ///< the URL that it came to is https, or http that was not https before
    long most_redirects = 0;
};

/// What that says of the server, in words that name it.
Failure failure_of(const CurlFailure& failure);

} // namespace envpm::fetch
