#include "fetch/width.h"

#include <algorithm>

namespace envpm::fetch {

namespace {

constexpr std::size_t fewest = 4;
constexpr std::size_t most = 8;
constexpr std::chrono::seconds step{2};
constexpr std::chrono::seconds rest{30};
constexpr double worthwhile_rise = 1.1;

} // namespace

Width::Width(std::size_t mirrors)
    : allowed_(static_cast<int>(std::clamp(mirrors, fewest, most))) {}

void Width::received(std::uint64_t bytes, Clock::time_point now) {
    bytes_ += step_at_ && now >= *step_at_ ? bytes : 0;
}

void Width::think(Clock::time_point now, int in_flight) {
    if (!step_at_) {
        step_at_ = now;
    }
    // What did not fill its width says nothing about a greater one.
    if (now - *step_at_ < step || in_flight + 1 < allowed_) {
        return;
    }
    const double rate = static_cast<double>(bytes_) / seconds_of(now - *step_at_);
    bytes_ = 0;
    step_at_ = now;
    if (before_ && rate < worthwhile_rise * *before_) {
        allowed_ = std::max(allowed_ - 1, static_cast<int>(fewest));
        before_.reset();
        step_at_ = now + rest;
        return;
    }
    before_ = allowed_ < static_cast<int>(most) ? std::optional(rate) : std::nullopt;
    allowed_ = std::min(allowed_ + 1, static_cast<int>(most));
}

} // namespace envpm::fetch
