#include "fetch/rate_meter.h"

#include <algorithm>

namespace envpm::fetch {

namespace {

constexpr std::chrono::milliseconds window{250};
constexpr std::chrono::milliseconds shortest{1};
constexpr double weight_of_new = 0.5;

/// So long without a full window, the open one is the better witness.
constexpr std::chrono::milliseconds overdue{1'000};
constexpr std::chrono::milliseconds enough{100};

/// A small file says more about the way than about the rate.
constexpr std::uint64_t least_bytes = 256U << 10U;

} // namespace

double seconds_of(Clock::duration time) {
    return std::chrono::duration<double>(time).count();
}

std::optional<double> RateMeter::add(Clock::time_point now, std::uint64_t bytes) {
    heard_at_ = now;
    if (!window_start_) {
        window_start_ = now;
    }
    window_bytes_ += bytes;
    const Clock::duration elapsed = now - *window_start_;
    if (elapsed < window) {
        return std::nullopt;
    }
    const double sample = static_cast<double>(window_bytes_) / seconds_of(elapsed);
    rate_ = rate_ ? *rate_ + weight_of_new * (sample - *rate_) : sample;
    window_start_ = now;
    window_bytes_ = 0;
    return sample;
}

std::optional<double> RateMeter::finish(Clock::time_point now) {
    if (rate_ || window_bytes_ < least_bytes) {
        return std::nullopt;
    }
    const Clock::duration elapsed = std::max<Clock::duration>(now - *window_start_, shortest);
    rate_ = static_cast<double>(window_bytes_) / seconds_of(elapsed);
    return rate_;
}

void RateMeter::restart(Clock::time_point now) {
    window_bytes_ = 0;
    if (window_start_) {
        window_start_ = heard_at_ = now;
    }
}

std::optional<double> RateMeter::rate(Clock::time_point now) const {
    if (!window_start_) {
        return std::nullopt;
    }
    const Clock::duration elapsed = now - *window_start_;
    const double open = static_cast<double>(window_bytes_) /
                        seconds_of(std::max<Clock::duration>(elapsed, shortest));
    if (elapsed >= overdue) {
        return std::min(open, rate_.value_or(open));
    }
    if (rate_) {
        return rate_;
    }
    return elapsed >= enough ? std::optional(open) : std::nullopt;
}

} // namespace envpm::fetch
