#pragma once

#include "base/http.h"
#include "base/thread_pool.h"
#include "fetch/page_get.h"

#include <span>
#include <vector>

namespace envpm::fetch {

/// `Client::get` without its settings. Up to `most_at_once` requests for whole files run together,
/// six times as many for pages and pieces.
std::vector<HttpResponse> run_gets(GetContext& context, std::span<const HttpRequest> requests,
                                   int most_at_once);

/// `Client::follow`, in the same way; `readers` call `HttpFollower::read`.
void run_follow(GetContext& context, std::vector<HttpRequest> first, int most_at_once,
                ThreadPool& readers, HttpFollower& follower);

} // namespace envpm::fetch
