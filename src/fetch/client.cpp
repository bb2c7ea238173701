#include "fetch/client.h"

#include "base/thread_pool.h"
#include "fetch/curl.h"
#include "fetch/download.h"
#include "fetch/get.h"

#include <malloc.h>

#include <algorithm>
#include <set>

namespace envpm::fetch {

namespace {

/// 8 MiB between network and disk.
constexpr std::size_t buffer_count = 32;

/// One writes and hashes while the other does so for another file; more would only take turns.
constexpr std::size_t file_threads = 2;

/// Beside the calling thread, which decrypts and inflates.
constexpr std::size_t one_reader = 1;
constexpr int large_page_bytes = 512 << 10;

std::uint64_t total_bytes(std::span<const Download> downloads);

/// Ends the progress task however the download ends.
class OpenProgress {
  public:
    OpenProgress(Progress& progress, std::uint64_t bytes)
        : progress_(progress) {
        progress_.begin("fetching", bytes, ProgressUnit::bytes);
    }

    OpenProgress(const OpenProgress&) = delete;
    OpenProgress& operator=(const OpenProgress&) = delete;

    ~OpenProgress() { progress_.end(); }

  private:
    Progress& progress_;
};

} // namespace

class Client::Loop {
  public:
    Loop(NetworkSettings given, std::stop_token stop_token,
         std::function<void(const std::string&)> given_tell)
        : settings(std::move(given)),
          stop(std::move(stop_token)),
          tell(std::move(given_tell)),
          hosts(std::max(1, settings.concurrent_per_host)),
          backoff(settings.first_retry_pause, settings.retry_seed),
          curl(settings),
          wake_on_stop_(stop, [this] { curl.wake(); }) {}

    const NetworkSettings settings;
    const std::stop_token stop;
    const std::function<void(const std::string&)> tell;
    Hosts hosts;
    Backoff backoff;
    CurlLoop curl;
    std::optional<ThreadPool> pool; ///< from the first download on

  private:
    std::stop_callback<std::function<void()>> wake_on_stop_;
};

Client::Client(NetworkSettings settings, std::stop_token stop,
               std::function<void(const std::string&)> tell)
    : loop_(std::make_unique<Loop>(std::move(settings), std::move(stop), std::move(tell))) {}

Client::~Client() = default;

std::vector<HttpResponse> Client::get(std::span<const HttpRequest> requests) {
    GetContext context{loop_->curl, loop_->hosts, loop_->backoff,
                       loop_->stop, loop_->tell,  loop_->settings.quiet_time};
    return run_gets(context, requests, std::max(1, loop_->settings.concurrent_downloads));
}

void Client::follow(std::vector<HttpRequest> first, HttpFollower& follower) {
    // The reader frees what this thread filled, so one heap for both, and none for large pages:
    // those leave holes in it that only as large ones fill.
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, large_page_bytes);
    ThreadPool reader(one_reader);
    GetContext context{loop_->curl, loop_->hosts, loop_->backoff,
                       loop_->stop, loop_->tell,  loop_->settings.quiet_time};
    run_follow(context, std::move(first), std::max(1, loop_->settings.concurrent_downloads), reader,
               follower);
}

std::vector<std::optional<Error>> Client::download(std::span<const Download> downloads,
                                                   const std::filesystem::path& folder,
                                                   Progress& progress,
                                                   const DownloadEvents& events) {
    if (!loop_->pool) {
        loop_->pool.emplace(file_threads);
    }
    const OpenProgress open(progress, total_bytes(downloads));
    Buffers buffers(buffer_count);
    DownloadContext context{loop_->curl,    *loop_->pool, loop_->hosts,
                            loop_->backoff, buffers,      progress,
                            folder,         loop_->stop,  loop_->settings.stall_timeout};
    return run_downloads(context, downloads, std::max(1, loop_->settings.concurrent_downloads),
                         events);
}

namespace {

std::uint64_t total_bytes(std::span<const Download> downloads) {
    std::set<Sha256> counted;
    std::uint64_t total = 0;
    for (const Download& download : downloads) {
        total += counted.insert(download.sha256).second ? download.size_bytes : 0;
    }
    return total;
}

} // namespace

} // namespace envpm::fetch
