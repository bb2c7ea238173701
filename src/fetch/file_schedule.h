#pragma once

#include "fetch/gaps.h"
#include "fetch/hosts.h"
#include "fetch/running_range.h"
#include "fetch/schedule.h"
#include "fetch/width.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace envpm::fetch {

/// Which bytes of one file are asked of whom: a state machine without network, disk or clock, told
/// of all that happens to its ranges. Not for two threads.
///
/// A file from 16 MiB on that several mirrors have comes from all of them at once, in file order,
/// in ranges of about 2 s. Mirrors that nobody measured get 1 MiB first; those that are twenty
/// times slower than the best rest. A range whose silence is doubtful does not count among those
/// that run, so that another one goes on beside it. When nothing is left to ask for, or when a
/// range is far behind, a free connection takes over the end of the range that would be last, if
/// that gains half a second and a fifth of its time. This moves bytes, it does not ask for them
/// twice.
class FileSchedule {
  public:
    using Id = std::uint64_t;

    /// The end of a range goes to someone else.
    struct Cut {
        Id victim = 0;
        std::optional<std::uint64_t> at; ///< its new end; nothing: it is to be cancelled
        std::size_t mirror = 0;          ///< its mirror
        double bytes_per_second = 0;     ///< its rate
        bool is_slow = false;            ///< a decision about the mirror, not the end of the file
    };

    /// A request to make.
    struct Order {
        Id id = 0;
        std::size_t mirror = 0;
        std::vector<Piece> pieces; ///< one, or all that is missing if the mirror has no ranges
        std::optional<Cut> cut;    ///< to be carried out first; the bytes are in the order already
    };

    /// How a range ended.
    struct End {
        std::vector<Piece> rest; ///< what did not come
        std::optional<Failure> failure;
        AskedFor asked = AskedFor::part;
        bool can_ranges = true;
        Clock::duration pause{}; ///< of the mirror, if this is its failure
    };

    /// `first_end`: these bytes at the end of the file are asked for before all others.
    FileSchedule(std::uint64_t size, std::vector<Mirror> mirrors, std::uint64_t first_end = 0);

    /// What is there; no range may be on its way.
    void begin(std::span<const Piece> present);

    /// A request, and its range is on its way. Otherwise `wake_at` says when to ask again, if no
    /// event comes before.
    std::optional<Order> next(Clock::time_point now);

    [[nodiscard]] std::optional<Clock::time_point> wake_at() const { return wake_at_; }

    /// From now on the file comes from one mirror, the one that `choose` names, as long as it
    /// serves.
    void forbid_mixing() { may_mix_ = false; }

    /// The mirror that the next request would go to.
    [[nodiscard]] MirrorChoice choose(Clock::time_point now) const;

    struct Received {
        std::uint64_t wanted = 0; ///< of the range, in its order
        std::uint64_t all = 0;    ///< with those that had to be skipped
    };

    void received(Id id, const Received& bytes, Clock::time_point now);

    /// We are slow: no silence of it counts until it is resumed.
    void paused(Id id);
    void resumed(Id id, Clock::time_point now);

    /// The mirror sends everything from the file's start: all that is missing is taken from it, if
    /// nothing else is on its way.
    std::optional<std::vector<Piece>> take_everything(Id id);

    void ended(Id id, const End& end, Clock::time_point now);

    /// Its range was cancelled: what did not come is missing again.
    void cancelled(Id id);

    /// As if all that is on its way were cancelled.
    void cancel_all();

    [[nodiscard]] std::vector<Mirror>& mirrors() { return mirrors_; }

    [[nodiscard]] const std::vector<Mirror>& mirrors() const { return mirrors_; }

    [[nodiscard]] int in_flight() const { return static_cast<int>(running_.size()); }

    /// Something is missing that is not on its way.
    [[nodiscard]] bool has_gaps() const { return !gaps_.empty(); }

    /// It is small, and one of its hosts sends such files over one connection.
    [[nodiscard]] bool may_share_connection() const {
        return is_small() && some_share_connections(mirrors_);
    }

    /// A free connection may be of use.
    [[nodiscard]] bool wants_more() const;

  private:
    using Running = std::map<Id, RunningRange>;

    struct TakeOver {
        Id victim = 0;
        std::size_t thief = 0;           ///< a mirror
        std::optional<std::uint64_t> at; ///< nothing: all
        double gain = 0;                 ///< seconds
        bool is_slow = false;
    };

    [[nodiscard]] bool is_small() const { return size_ < small_file_bytes; }

    static int& count_of(Host& host, bool shares_connection) {
        return shares_connection ? host.small_in_flight : host.in_flight;
    }

    [[nodiscard]] const Host& host_of(const RunningRange& range) const {
        return *mirrors_[range.mirror].host;
    }

    [[nodiscard]] double rate_of(const RunningRange& range, Clock::time_point now) const {
        return range.rate(host_of(range), now);
    }

    [[nodiscard]] std::size_t usable() const;
    [[nodiscard]] bool is_spread() const;
    [[nodiscard]] int allowed() const;
    [[nodiscard]] ChoiceRules rules(Clock::time_point now) const;
    [[nodiscard]] bool must_pass_over(std::size_t index, Clock::time_point now) const;
    [[nodiscard]] bool is_hopeless(const Mirror& mirror, Clock::time_point now) const;
    [[nodiscard]] bool would_be_last(const Mirror& mirror, Clock::time_point now) const;
    [[nodiscard]] std::uint64_t present_bytes() const;
    [[nodiscard]] bool is_in_doubt(const RunningRange& range, Clock::time_point now) const;
    [[nodiscard]] std::optional<Clock::time_point> next_doubt(Clock::time_point now) const;
    std::optional<TakeOver> find_late(std::size_t thief, Clock::time_point now);
    std::optional<TakeOver> find_last(Clock::time_point now);
    [[nodiscard]] bool may_lose_to(const RunningRange& range, std::size_t thief,
                                   bool is_fast) const;
    [[nodiscard]] std::optional<TakeOver> weigh(Id victim, std::size_t thief,
                                                Clock::time_point now) const;
    Order take_over(const TakeOver& how, Clock::time_point now);
    void close(const TakeOver& how, Clock::time_point now);
    std::vector<Piece> take_for(std::size_t index, Clock::time_point now);
    Order start(std::size_t mirror, std::vector<Piece> pieces, Clock::time_point now);

    std::uint64_t size_;
    std::vector<Mirror> mirrors_;
    std::uint64_t first_end_;
    Gaps gaps_;
    Running running_;
    Id last_id_ = 0;
    bool may_mix_ = true;
    std::optional<Clock::time_point> wake_at_;
    Width width_;
};

} // namespace envpm::fetch
