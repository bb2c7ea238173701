#pragma once

#include "fetch/authorities.h"
#include "fetch/response.h"

#include <curl/curl.h>

#include <memory>
#include <string>

namespace envpm::fetch {

/// libcurl's functions, each under its own name without `curl_`.
struct CurlFunctions {
    decltype(&curl_global_init) global_init;
    decltype(&curl_global_cleanup) global_cleanup;
    decltype(&curl_easy_init) easy_init;
    decltype(&curl_easy_cleanup) easy_cleanup;
    decltype(&curl_easy_setopt) easy_setopt;
    decltype(&curl_easy_getinfo) easy_getinfo;
    decltype(&curl_easy_header) easy_header;
    decltype(&curl_easy_pause) easy_pause;
    decltype(&curl_easy_strerror) easy_strerror;
    decltype(&curl_multi_init) multi_init;
    decltype(&curl_multi_cleanup) multi_cleanup;
    decltype(&curl_multi_setopt) multi_setopt;
    decltype(&curl_multi_add_handle) multi_add_handle;
    decltype(&curl_multi_remove_handle) multi_remove_handle;
    decltype(&curl_multi_poll) multi_poll;
    decltype(&curl_multi_perform) multi_perform;
    decltype(&curl_multi_info_read) multi_info_read;
    decltype(&curl_multi_wakeup) multi_wakeup;
    decltype(&curl_share_init) share_init;
    decltype(&curl_share_cleanup) share_cleanup;
    decltype(&curl_share_setopt) share_setopt;
    decltype(&curl_version_info) version_info;
    decltype(&curl_slist_append) slist_append;
    decltype(&curl_slist_free_all) slist_free_all;
};

/// libcurl, loaded when the network is first needed and not when the program starts: it brings some
/// thirty libraries, and loading those takes longer than an install with nothing to do takes
/// otherwise (docs/decisions/0005-libcurl.md). Once loaded it stays until the process ends.
///
/// Does libcurl's global set-up, which counts its calls itself, from any thread.
class LibCurl {
  public:
    /// Throws an Error if the library or one of the functions is missing.
    LibCurl();
    LibCurl(const LibCurl&) = delete;
    LibCurl& operator=(const LibCurl&) = delete;
    ~LibCurl();

    /// What is configured; where that is empty, the system's.
    [[nodiscard]] Authorities authorities(const std::string& file, const std::string& folder) const;

    const CurlFunctions& operator*() const { return functions_; }

    const CurlFunctions* operator->() const { return &functions_; }

  private:
    CurlFunctions functions_;
};

/// What is known by now of the response to a transfer; after redirects that of the last one.
ResponseHead read_head(const CurlFunctions& curl, CURL* easy);

using EasyHandle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using MultiHandle = std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)>;
using ShareHandle = std::unique_ptr<CURLSH, decltype(&curl_share_cleanup)>;
using HeaderList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

} // namespace envpm::fetch
