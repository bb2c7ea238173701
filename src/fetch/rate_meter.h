#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace envpm::fetch {

using Clock = std::chrono::steady_clock;

double seconds_of(Clock::duration time);

/// How fast one transfer is, in bytes a second: an average that forgets (half of it every quarter
/// of a second), measured from its first byte on, so that the way to the server is not counted.
class RateMeter {
  public:
    /// Bytes came. A sample each time that a quarter of a second is full.
    std::optional<double> add(Clock::time_point now, std::uint64_t bytes);

    /// The transfer has ended: a sample if it was too short for any.
    std::optional<double> finish(Clock::time_point now);

    /// What was silence so far was ours.
    void restart(Clock::time_point now);

    /// Falls while nothing comes; nothing if too little came to tell.
    [[nodiscard]] std::optional<double> rate(Clock::time_point now) const;

    /// When the last bytes came.
    [[nodiscard]] std::optional<Clock::time_point> heard_at() const { return heard_at_; }

  private:
    std::optional<double> rate_;
    std::optional<Clock::time_point> window_start_;
    std::optional<Clock::time_point> heard_at_;
    std::uint64_t window_bytes_ = 0;
};

} // namespace envpm::fetch
