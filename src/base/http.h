#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace envpm {

/// The bytes of a resource that a request asks for (RFC 9110, section 14).
struct ByteRange {
    std::optional<std::uint64_t> first; ///< absent: the last `count` bytes
    std::uint64_t count = 0;
};

/// A GET of something small: an index page, a metadata file, a piece of an archive.
struct HttpRequest {
    std::string url;
    std::vector<std::string> headers; ///< "Accept: …"; never credentials, those come from netrc
    std::optional<ByteRange> range;
    std::uint64_t limit_bytes = 64U << 20U; ///< more than this is an error
    /// Of a page at a file: URL: the folder that shows whether its share is mounted. Empty: the one
    /// that the page's own lies in.
    std::string root_url{};
};

/// What came back. Transport failures are in `error`, so that one bad mirror does not end a batch.
struct HttpResponse {
    int status = 0;  ///< 0 if no response came
    std::string url; ///< after redirects
    std::string content_type;
    std::string etag;          ///< as sent, with its quotes; empty if it came without
    std::string last_modified; ///< as sent
    std::string cache_control; ///< as sent
    std::string body;
    std::optional<std::uint64_t> range_first; ///< of a 206, from Content-Range, checked against
                                              ///< what was asked
    std::optional<std::uint64_t> total_bytes; ///< of the whole resource, where the server said it
    std::string error;                        ///< in words, naming host and reason
};

/// Whether it says that there is no such thing. Object stores answer 403 for what does not exist to
/// those who may not list the bucket; that is how some indexes of GPU wheels are served.
bool says_absent(const HttpResponse& response);

/// How reasons say what no later try mends; `fetch` writes them.
constexpr std::string_view not_trusted_words = "is not trusted: ";
constexpr std::string_view expired_words = "it has expired, or one above it";
constexpr std::string_view not_yet_valid_words = "it is not valid yet";

/// What to do if no mirror answered, for these reasons; nothing if another try may help.
std::optional<std::string> way_out_of(std::string_view reasons);

/// When a stage that keeps pages of an index may use one of them, and when it must ask.
struct CachePolicy {
    std::chrono::system_clock::time_point now;
    std::chrono::seconds page_age{600}; ///< younger pages are used as they are
    bool refresh = false;               ///< ask again whatever their age
    bool offline = false;               ///< pages of any age, and never the network

    /// `now` since 1970. It tells one run from every other, so a page that was fetched at this very
    /// nanosecond was fetched by this run.
    [[nodiscard]] std::int64_t now_nanoseconds() const {
        return std::chrono::nanoseconds(now.time_since_epoch()).count();
    }
};

/// Works on one answer, and says what to ask for because of it. `number` is the request's place
/// among all that were given so far, from 0.
class HttpFollower {
  public:
    HttpFollower() = default;
    HttpFollower(const HttpFollower&) = delete;
    HttpFollower& operator=(const HttpFollower&) = delete;
    virtual ~HttpFollower() = default;

    /// The work that needs nothing but the answer, on any thread, several at once.
    virtual void read(std::size_t number, HttpResponse& response) = 0;

    /// After that, on the thread that called.
    virtual std::vector<HttpRequest> next(std::size_t number) = 0;

    /// What else to ask for, whatever was answered: asked now and then, and soon after
    /// `HttpTransport::wake`, on the thread that called.
    virtual std::vector<HttpRequest> more() { return {}; }
};

/// How stages reach the network without knowing how it is done; `fetch` implements it, tests fake
/// it.
class HttpTransport {
  public:
    HttpTransport() = default;
    HttpTransport(const HttpTransport&) = delete;
    HttpTransport& operator=(const HttpTransport&) = delete;
    virtual ~HttpTransport() = default;

    /// All requests at once, over kept connections; answers in the requests' order. Transient
    /// failures were retried when this returns. Throws only when interrupted.
    virtual std::vector<HttpResponse> get(std::span<const HttpRequest> requests) = 0;

    /// The same for requests that lead to others: each answer is handed over as soon as it is
    /// there, and what it leads to does not wait for the rest. Ends when nothing is open, or with
    /// what `follower` throws, which must ask this transport for nothing itself. Without a better
    /// way, wave by wave.
    virtual void follow(std::vector<HttpRequest> first, HttpFollower& follower);

    /// If something is being followed, its follower has more to ask for. From any thread; if
    /// nothing is, nothing happens.
    virtual void wake() noexcept {}
};

} // namespace envpm
