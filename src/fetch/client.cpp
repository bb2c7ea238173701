#include "fetch/client.h"

#include "base/progress_task.h"
#include "base/thread_pool.h"
#include "fetch/curl.h"
#include "fetch/download.h"
#include "fetch/get.h"
#include "fetch/host_rates.h"
#include "fetch/mirror_words.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace envpm::fetch {

namespace {

/// 8 MiB between network and disk, more only where more than 16 transfers may run: one that waits
/// for a buffer may hold one that is partly full, so that with as many transfers as buffers all
/// would wait for each other.
constexpr int usual_buffers = 32;
constexpr int buffers_per_transfer = 2;

/// One writes and hashes while the other does so for another file; more would only take turns.
constexpr std::size_t file_threads = 2;

/// Beside the calling thread, which decrypts and inflates.
constexpr std::size_t one_reader = 1;
constexpr int large_page_bytes = 512 << 10;

std::size_t buffer_count(int most_transfers);
std::uint64_t total_bytes(std::span<const Download> downloads);
bool have_mirrors(std::span<const Download> downloads);

} // namespace

class Client::Loop {
  public:
    Loop(NetworkSettings given, std::stop_token stop_token, PageEvents given_events)
        : settings(std::move(given)),
          stop(std::move(stop_token)),
          events(std::move(given_events)),
          hosts(std::max(1, settings.concurrent_per_host)),
          backoff(settings.first_retry_pause, settings.retry_seed),
          curl(settings),
          wake_on_stop_(stop, [this] { curl.wake(); }) {}

    void recall_rates();
    void remember_rates() const;

    const NetworkSettings settings;
    const std::stop_token stop;
    const PageEvents events;
    Hosts hosts;
    Backoff backoff;
    CurlLoop curl;
    std::optional<ThreadPool> pool; ///< from the first download on
    bool has_recalled = false;

  private:
    std::stop_callback<std::function<void()>> wake_on_stop_;
};

Client::Client(NetworkSettings settings, std::stop_token stop, PageEvents events)
    : loop_(std::make_unique<Loop>(std::move(settings), std::move(stop), std::move(events))) {}

Client::~Client() = default;

std::vector<HttpResponse> Client::get(std::span<const HttpRequest> requests) {
    GetContext context{loop_->curl, loop_->hosts,  loop_->backoff,
                       loop_->stop, loop_->events, loop_->settings.quiet_time};
    return run_gets(context, requests, std::max(1, loop_->settings.concurrent_downloads));
}

void Client::follow(std::vector<HttpRequest> first, HttpFollower& follower) {
    // The reader frees what this thread filled, so one heap for both, and none for large pages:
    // those leave holes in it that only as large ones fill.
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, large_page_bytes);
    ThreadPool reader(one_reader);
    GetContext context{loop_->curl, loop_->hosts,  loop_->backoff,
                       loop_->stop, loop_->events, loop_->settings.quiet_time};
    run_follow(context, std::move(first), std::max(1, loop_->settings.concurrent_downloads), reader,
               follower);
}

void Client::wake() noexcept {
    loop_->curl.wake();
}

std::vector<std::optional<Error>> Client::download(std::span<const Download> downloads,
                                                   const std::filesystem::path& folder,
                                                   Progress& progress,
                                                   const DownloadEvents& events) {
    if (!loop_->pool) {
        loop_->pool.emplace(file_threads);
    }
    const ProgressTask task(progress, "fetching", total_bytes(downloads), ProgressUnit::bytes);
    const int most_at_once = std::max(1, loop_->settings.concurrent_downloads);
    Buffers buffers(buffer_count(most_at_once));
    HashPairs own_pairs;
    HashPairs& pairs = events.hash_pairs != nullptr ? *events.hash_pairs : own_pairs;
    DownloadContext context{loop_->curl,
                            *loop_->pool,
                            loop_->hosts,
                            loop_->backoff,
                            buffers,
                            pairs,
                            progress,
                            folder,
                            loop_->stop,
                            loop_->settings.stall_timeout,
                            loop_->settings.quiet_time};
    const bool is_choice = !loop_->settings.rates_file.empty() && have_mirrors(downloads);
    if (is_choice) {
        loop_->recall_rates();
    }
    std::vector<std::optional<Error>> errors =
        run_downloads(context, downloads, most_at_once, events);
    if (is_choice) {
        loop_->remember_rates();
    }
    loop_->hosts.for_each([&](const Host& host) {
        if (const std::string words = words_of_host(host); !words.empty()) {
            progress.trace(words);
        }
    });
    return errors;
}

void Client::Loop::recall_rates() {
    if (std::exchange(has_recalled, true)) {
        return;
    }
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    for (const HostRate& rate : load_host_rates(settings.rates_file)) {
        hosts.at(rate.host).remembered_bytes_per_second = faded(rate, now);
    }
}

void Client::Loop::remember_rates() const {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    std::vector<HostRate> news;
    hosts.for_each([&](const Host& host) {
        if (host.bytes_per_second > 0) {
            news.push_back({host.name, static_cast<std::uint64_t>(host.bytes_per_second), now});
        }
    });
    if (!news.empty()) {
        remember_host_rates(settings.rates_file, news, now);
    }
}

namespace {

std::size_t buffer_count(int most_transfers) {
    return static_cast<std::size_t>(std::max(usual_buffers, buffers_per_transfer * most_transfers));
}

std::uint64_t total_bytes(std::span<const Download> downloads) {
    std::set<Sha256> counted;
    std::uint64_t total = 0;
    for (const Download& download : downloads) {
        total += counted.insert(download.sha256).second ? download.size_bytes : 0;
    }
    return total;
}

bool have_mirrors(std::span<const Download> downloads) {
    return std::any_of(downloads.begin(), downloads.end(),
                       [](const Download& download) { return download.urls.size() > 1; });
}

} // namespace

} // namespace envpm::fetch
