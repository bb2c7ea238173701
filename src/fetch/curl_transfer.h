#pragma once

#include "fetch/authorities.h"
#include "fetch/curl.h"
#include "fetch/libcurl.h"
#include "fetch/patience.h"

#include <array>
#include <exception>
#include <string>
#include <vector>

namespace envpm::fetch {

/// A transfer of a CurlLoop under way: its handle, what libcurl is told about it, and what is noted
/// of it in libcurl's callbacks. These get its address, so it stays where it is. Of the loop's
/// thread.
struct CurlTransfer {
    /// What `receiver_of_it` throws comes into `failure_of_loop`, as libcurl is written in C.
    CurlTransfer(const CurlFunctions& functions, Receiver& receiver_of_it,
                 std::exception_ptr& failure_of_loop);

    /// All that is not shared with other transfers. HTTP/2 only if the transfer may and
    /// `host_has_http2`.
    void configure(const Transfer& transfer, const NetworkSettings& settings, bool host_has_http2);

    void set_authorities(const Authorities& by);

    /// An option of libcurl that it has been built with.
    template <class T> void set(CURLoption option, T value) {
        set_succeeded(curl.easy_setopt(easy.get(), option, value));
    }

    /// Another connection begins, by the same options.
    void begin_again();

    /// Followed until now.
    [[nodiscard]] long redirects_now() const;

    /// Servers and boxes on the way that agree on HTTP/2 and do not speak it may just hang up.
    [[nodiscard]] bool is_fault_of_http2(CURLcode code) const;

    /// In words for the user.
    [[nodiscard]] Failure failure_of(CURLcode code, const NetworkSettings& settings) const;

    const CurlFunctions& curl;
    EasyHandle easy;
    HeaderList headers;
    Receiver& receiver;
    std::exception_ptr& failure; ///< the loop's: what a receiver threw
    std::string url;
    std::array<char, CURL_ERROR_SIZE> words{};

    Patience patience{Clock::now()};
    Authorities authorities; ///< by which its servers are judged
    bool head_told = false;
    bool is_paused = false;
    bool stopped = false;
    long redirects = 0; ///< followed, as far as `patience` knows
    bool was_https = false;
    bool may_http2 = false;

  private:
    static void set_succeeded(CURLcode code);
    void set_proxy(const NetworkSettings& settings);
    void set_headers(const std::vector<std::string>& lines);
    void set_callbacks();
};

} // namespace envpm::fetch
