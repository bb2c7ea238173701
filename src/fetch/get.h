#pragma once

#include "base/http.h"
#include "base/thread_pool.h"
#include "fetch/curl.h"
#include "fetch/page_events.h"
#include "fetch/retry.h"
#include "fetch/schedule.h"

#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace envpm::fetch {

/// What all requests of one `get` share.
struct GetContext {
    CurlLoop& loop;
    Hosts& hosts;
    Backoff& backoff;
    std::stop_token stop;
    const PageEvents& events;
    Clock::duration quiet_time;
};

/// `Client::get` without its settings. Up to `most_at_once` requests for whole files run together,
/// six times as many for pages and pieces.
std::vector<HttpResponse> run_gets(GetContext& context, std::span<const HttpRequest> requests,
                                   int most_at_once);

/// `Client::follow`, in the same way; `readers` call `HttpFollower::read`.
void run_follow(GetContext& context, std::vector<HttpRequest> first, int most_at_once,
                ThreadPool& readers, HttpFollower& follower);

} // namespace envpm::fetch
