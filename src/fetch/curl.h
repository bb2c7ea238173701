#pragma once

#include "fetch/client.h"
#include "fetch/response.h"
#include "fetch/retry.h"
#include "fetch/schedule.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace envpm::fetch {

/// One GET as libcurl shall make it. Redirects are followed, at most 10, never to file: or from
/// https to http.
/// The body comes as it was sent, compressed or not.
struct Transfer {
    std::string url;
    std::vector<std::string> headers;
    std::string range;                                             ///< as range_field writes it
    enum class Protocol { http1, any } protocol = Protocol::http1; ///< `any`: HTTP/2 over TLS
    std::optional<std::chrono::milliseconds> stall_after;          ///< instead of the settings'
    long buffer_bytes = 512L << 10U; ///< libcurl touches it all, so less where many run at once
};

/// What a receiver wants of the transfer next.
enum class Flow {
    go_on,
    pause, ///< the same bytes come again after `resume`
    stop,  ///< the receiver has what it wants, or does not want it
};

/// How a transfer ended.
struct TransferEnd {
    ResponseHead head;
    std::optional<Failure> failure; ///< of the connection; an HTTP status is none
    bool stopped = false;           ///< by the receiver
};

/// Takes one transfer's bytes, on the loop's thread.
class Receiver {
  public:
    Receiver() = default;
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;
    virtual ~Receiver() = default;

    /// Before the first byte of the body. Must not start, resume or cancel transfers.
    virtual Flow head(const ResponseHead& head) = 0;

    /// At most 16 KiB; the same restriction.
    virtual Flow body(std::span<const std::byte> bytes) = 0;

    /// The last call, after which the loop has forgotten the receiver. A response without a body
    /// comes only here.
    virtual void done(const TransferEnd& end) = 0;
};

using TransferId = std::uint64_t;

/// libcurl's multi interface. The caller keeps the queue and starts only what shall run at once:
/// libcurl's own queue sleeps now and then, and counts waiting as time of the transfer.
class CurlLoop {
  public:
    explicit CurlLoop(const NetworkSettings& settings);
    CurlLoop(const CurlLoop&) = delete;
    CurlLoop& operator=(const CurlLoop&) = delete;
    ~CurlLoop();

    /// `receiver` must live until its `done` or until `cancel`.
    TransferId start(const Transfer& transfer, Receiver& receiver);
    void resume(TransferId id);

    /// Ends the transfer without `done`.
    void cancel(TransferId id);
    void cancel_all();

    /// Runs `task` on the loop's thread in its next turn. From any thread.
    void post(std::function<void()> task);

    /// Forgets what was posted and has not run.
    void drop_posted();

    /// Makes the turn that waits return. From any thread.
    void wake() noexcept;

    /// Waits for network or wake, at most so long, and handles what came.
    void turn(std::chrono::milliseconds at_most);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// At its end the loop forgets all receivers, also if the owner throws.
class CancelAtEnd {
  public:
    explicit CancelAtEnd(CurlLoop& loop)
        : loop_(loop) {}

    CancelAtEnd(const CancelAtEnd&) = delete;
    CancelAtEnd& operator=(const CancelAtEnd&) = delete;

    ~CancelAtEnd() { loop_.cancel_all(); }

  private:
    CurlLoop& loop_;
};

} // namespace envpm::fetch
