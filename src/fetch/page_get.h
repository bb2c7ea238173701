#pragma once

#include "base/http.h"
#include "base/thread_pool.h"
#include "fetch/curl.h"
#include "fetch/page_events.h"
#include "fetch/retry.h"
#include "fetch/schedule.h"
#include "fetch/spare_room.h"

#include <atomic>
#include <cstddef>
#include <exception>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

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

/// The way there and back is what small answers cost, so many are asked for together: so many in
/// place of each whole file that may run, which costs bytes.
constexpr int large_weight = 6;

/// One request with its tries.
class Page final : public Receiver {
  public:
    Page(std::size_t number, HttpRequest request, GetContext& context);

    [[nodiscard]] std::size_t number() const { return number_; }

    /// Pages and pieces, which are no larger than the limit that a request has unless it says
    /// otherwise, weigh 1; whole files `large_weight`.
    [[nodiscard]] int weight() const;

    [[nodiscard]] bool is_running() const { return place_.has_value(); }

    [[nodiscard]] bool is_over() const { return is_over_; }

    [[nodiscard]] Clock::time_point start_at() const;

    /// Whether its host takes one more now.
    [[nodiscard]] bool has_place() const { return has_place_for_page(host_); }

    /// Before a start: true if it is over, since its host wants to be asked for nothing.
    bool give_up_if_refused();

    void start();

    /// Tells the user if nothing has come for long.
    void tell_if_quiet(Clock::time_point now);

    /// When that will be.
    [[nodiscard]] Clock::time_point quiet_at() const { return heard_at_ + context_.quiet_time; }

    /// Lets the answer be read by one of `readers`, or here and now. Small ones go first: what they
    /// lead to is under way while a large one is read.
    void begin_reading(HttpFollower& follower, TaskGroup* readers, SpareRoom& spare);

    [[nodiscard]] bool is_to_be_read() const { return is_over_ && !is_reading_; }

    [[nodiscard]] bool is_read() const { return is_read_; }

    /// Whether what came could not be unpacked; then the page is as it was before it was read: to
    /// be asked for again, or over with an error.
    bool retry_if_damaged();

    void rethrow_failure() const {
        if (failure_) {
            std::rethrow_exception(failure_);
        }
    }

    Flow head(const ResponseHead& head) override;
    Flow body(std::span<const std::byte> bytes) override;
    void done(const TransferEnd& end) override;

  private:
    void take_head(const ResponseHead& head);
    std::optional<Failure> judge(const TransferEnd& end);
    void fail(const Failure& failure);
    [[nodiscard]] std::string too_long() const;
    void finish(std::string error);
    void tell(Clock::time_point now, Clock::duration pause, const std::string& what);
    void read(HttpFollower& follower, SpareRoom& spare) noexcept;
    void unpack(SpareRoom& spare);

    const std::size_t number_;
    const HttpRequest request_;
    GetContext& context_;
    Host& host_;
    HttpResponse response_;
    std::optional<std::uint64_t> body_bytes_;
    std::string encoding_;           ///< of the body, lower case; empty if it came as it is
    std::string refusal_;            ///< why the transfer was stopped
    std::optional<HostPlace> place_; ///< while it runs
    bool is_over_ = false;
    int tries_ = 0;
    int cost_ = 0;
    Clock::time_point retry_at_{};
    Clock::time_point started_at_{};
    Clock::time_point heard_at_{}; ///< when something last came, or was asked
    bool is_reading_ = false;
    std::exception_ptr failure_;    ///< of the reader, before `is_read_`
    std::optional<Failure> damage_; ///< found in unpacking, before `is_read_`
    std::atomic<bool> is_read_ = false;
};

} // namespace envpm::fetch
