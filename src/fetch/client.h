#pragma once

#include "base/error.h"
#include "base/hash.h"
#include "base/hash_pairs.h"
#include "base/http.h"
#include "base/progress.h"
#include "fetch/page_events.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace envpm::fetch {

/// `[network]` of the configuration, and what the environment says of proxies and certificates.
struct NetworkSettings {
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds first_byte_timeout{30'000};
    std::chrono::milliseconds stall_timeout{10'000};
    std::uint64_t min_bytes_per_second = 1024; ///< over `speed_window`; less is a failure
    int concurrent_downloads = 8;
    int concurrent_per_host = 4;
    std::string http_proxy; ///< empty: none; `https_proxy` for https URLs
    std::string https_proxy;
    std::string no_proxy;
    std::string ca_file;    ///< empty: the system's
    std::string ca_folder;  ///< of files named by their hash, trusted too; empty: the system's
    std::string netrc_file; ///< empty: no credentials are sent
    std::string user_agent = "envpm/" ENVPM_VERSION;
    std::chrono::milliseconds quiet_time{5'000}; ///< without an answer, until the user is told
    std::chrono::milliseconds first_retry_pause{1'000}; ///< doubles, up to 30 times this, jittered
    std::chrono::milliseconds speed_window{60'000};     ///< for `min_bytes_per_second`
    std::uint64_t retry_seed = 0;                       ///< of the jitter

    /// Where the rates of mirrors are remembered for the next run; empty: nowhere.
    std::filesystem::path rates_file;
};

/// A file by what it must be. `urls` are mirrors in order of preference: http(s):// or file://.
struct Download {
    std::string label; ///< for messages: "torch 2.9.1"
    std::vector<std::string> urls;
    std::uint64_t size_bytes = 0;
    Sha256 sha256;

    /// Whoever reads the file while it arrives (`DownloadEvents::arrived`) begins at its end: large
    /// files that come in pieces bring that first.
    enum class First { beginning, end } first = First::beginning;
};

/// Some bytes of a file that is not whole yet.
struct ArrivedBytes {
    std::filesystem::path file; ///< has them in their place; its name changes when it is whole
    std::uint64_t first = 0;
    std::uint64_t count = 0;
};

/// What a download tells and asks of its caller, on the caller's thread. Each call is quick: work
/// is posted elsewhere.
struct DownloadEvents {
    /// The file is there, whole and proven; called for every download that asked for it.
    std::function<void(std::size_t index, const std::filesystem::path& file)> complete;

    /// These bytes of the file are there, from this run or an earlier one. They are not proven:
    /// only `complete` says that, and that what came since the last `dropped` stayed as it was.
    std::function<void(std::size_t index, const ArrivedBytes& bytes)> arrived = {};

    /// All bytes of the file that were told of are void: some of them were wrong.
    std::function<void(std::size_t index)> dropped = {};

    /// How many bytes of the complete files have not been used yet. While these are many nothing
    /// more is asked for, so that what arrives is used while it is in memory. It must fall by
    /// itself, whatever else arrives, and to 0 after a failure.
    std::function<std::uint64_t()> waiting_bytes = {};

    /// For who hashes other streams at the same time; outlives the call. Nothing: only the files'
    /// digests are paired.
    HashPairs* hash_pairs = nullptr;
};

/// The one place that sees libcurl: one event loop, run by the thread that calls; connections are
/// kept between calls. Not for two threads at once.
class Client final : public HttpTransport {
  public:
    Client(NetworkSettings settings, std::stop_token stop, PageEvents events = {});
    ~Client() override;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// See HttpTransport; file:// URLs are read as a server would serve them. 429, 5xx and broken
    /// connections are tried again with growing pauses.
    std::vector<HttpResponse> get(std::span<const HttpRequest> requests) override;

    /// See HttpTransport; a second thread reads the answers.
    void follow(std::vector<HttpRequest> first, HttpFollower& follower) override;

    void wake() noexcept override;

    /// Brings every file to `folder/<sha256>`, whole and proven by size and sha256, and calls
    /// `events.complete` as each one arrives. Pieces wait in `folder/<sha256>.part` with their map
    /// beside it, so that any later run, after a failure, Ctrl-C or kill, goes on where this one
    /// stopped. Large files come from all their mirrors at once, and errors, stalls and wrong bytes
    /// of one are made up for by the others (docs/fetch.md). Another process that fetches the same
    /// file is waited for. Failures come as values, in the downloads' order: one lost file does not
    /// stop the others; each lists every URL with its reason, code 5 (network) or 6 (integrity).
    std::vector<std::optional<Error>> download(std::span<const Download> downloads,
                                               const std::filesystem::path& folder,
                                               Progress& progress, const DownloadEvents& events);

  private:
    class Loop;
    std::unique_ptr<Loop> loop_;
};

} // namespace envpm::fetch
