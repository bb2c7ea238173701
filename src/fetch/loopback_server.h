#pragma once

#include "base/handle.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace envpm::fetch {

/// How one request is answered. The defaults are a well-behaved server with ranges.
struct Answer {
    std::string body;
    int status = 200;
    std::vector<std::string> headers; ///< "Retry-After: 1"

    enum class Ranges { served, ignored } ranges = Ranges::served;
    enum class Length { told, untold, chunked } length = Length::told;
    std::optional<std::string> content_length; ///< instead of the true one
    std::optional<std::string> content_range;  ///< instead of the true one

    std::optional<std::uint64_t> cut_after;   ///< bytes of this body, then the connection closes
    std::optional<std::uint64_t> stall_after; ///< bytes of this body, then silence until the end
    std::size_t drip_bytes = 0;               ///< 0: all at once
    std::chrono::milliseconds drip_pause{0};
    enum class Silence { none, before_head } silence = Silence::none;
};

inline Answer with_body(std::string body) {
    Answer answer;
    answer.body = std::move(body);
    return answer;
}

/// So many bytes at a time.
inline Answer dripping(std::string body, std::size_t bytes, std::chrono::milliseconds pause) {
    Answer answer = with_body(std::move(body));
    answer.drip_bytes = bytes;
    answer.drip_pause = pause;
    return answer;
}

inline Answer with_status(int status, std::vector<std::string> headers = {}) {
    Answer answer;
    answer.status = status;
    answer.headers = std::move(headers);
    return answer;
}

/// An HTTP/1.1 server on a free loopback port that does wrong what it is told to. For tests.
class LoopbackServer {
  public:
    LoopbackServer();
    LoopbackServer(const LoopbackServer&) = delete;
    LoopbackServer& operator=(const LoopbackServer&) = delete;
    ~LoopbackServer();

    /// The first request for `path` gets the first answer and so on; the last one stays.
    void serve(const std::string& path, const std::vector<Answer>& answers);

    [[nodiscard]] std::string url(std::string_view path) const;
    [[nodiscard]] std::string host() const; ///< "127.0.0.1:port"

    struct Request {
        std::string path;
        std::string head; ///< all of it, in lower case
        std::chrono::steady_clock::time_point at{};
    };

    [[nodiscard]] std::vector<Request> requests() const;
    [[nodiscard]] std::size_t count(std::string_view path) const;

    [[nodiscard]] std::uint64_t body_bytes_sent() const { return body_bytes_sent_; }

    [[nodiscard]] int connections() const { return connections_; }

    [[nodiscard]] int most_connections_at_once() const { return most_at_once_; }

    /// Waits until so many bytes of bodies were sent.
    void wait_for_bytes(std::uint64_t bytes);

  private:
    void accept_connections();
    void talk(int socket);
    bool reply(int socket, const std::string& head);
    std::shared_ptr<const Answer> next_answer(const std::string& path, const std::string& head);
    bool send_body(int socket, const Answer& answer, std::string_view body);
    bool send_all(int socket, std::string_view bytes);
    void pause(std::chrono::milliseconds time);
    void wait_for_end();

    Fd listener_;
    int port_ = 0;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool closing_ = false;
    std::map<std::string, std::vector<std::shared_ptr<const Answer>>, std::less<>> answers_;
    std::map<std::string, std::size_t, std::less<>> served_;
    std::vector<Request> requests_;
    std::vector<int> sockets_;
    std::atomic<std::uint64_t> body_bytes_sent_ = 0;
    std::atomic<int> connections_ = 0;
    std::atomic<int> at_once_ = 0;
    std::atomic<int> most_at_once_ = 0;
    std::vector<std::jthread> talkers_;
    std::jthread acceptor_;
};

} // namespace envpm::fetch
