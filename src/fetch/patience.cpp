#include "fetch/patience.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::fetch {

namespace {

Failure silent(std::string_view host, std::string_view what, std::chrono::milliseconds limit);

} // namespace

void Patience::request_sent(Clock::time_point now) {
    stage_ = Stage::waiting;
    last_activity_ = now;
}

void Patience::received(Clock::time_point now, std::uint64_t bytes) {
    if (stage_ != Stage::answering) {
        stage_ = Stage::answering;
        window_start_ = now;
    }
    last_activity_ = now;
    window_bytes_ += bytes;
}

void Patience::resume(Clock::time_point now) {
    is_paused_ = false;
    last_activity_ = window_start_ = now;
    window_bytes_ = 0;
}

std::optional<Failure> Patience::judge(const NetworkSettings& settings, std::string_view host,
                                       Clock::time_point now) {
    if (is_paused_ || stage_ == Stage::connecting) {
        return std::nullopt;
    }
    const Clock::duration silence = now - last_activity_;
    if (stage_ == Stage::waiting) {
        return silence < first_byte_limit(settings)
                   ? std::nullopt
                   : std::optional(silent(host, "did not answer", first_byte_limit(settings)));
    }
    if (silence >= stall_limit(settings)) {
        return silent(host, "sent nothing", stall_limit(settings));
    }
    if (now - window_start_ < settings.speed_window) {
        return std::nullopt;
    }
    const auto window_ms = static_cast<std::uint64_t>(settings.speed_window.count());
    if (window_bytes_ * 1000 < settings.min_bytes_per_second * window_ms) {
        return silent(
            host, fmt::format("sent less than {} bytes a second", settings.min_bytes_per_second),
            settings.speed_window);
    }
    window_start_ = now;
    window_bytes_ = 0;
    return std::nullopt;
}

std::optional<Clock::time_point> Patience::deadline(const NetworkSettings& settings) const {
    if (is_paused_ || stage_ == Stage::connecting) {
        return std::nullopt;
    }
    if (stage_ == Stage::waiting) {
        return last_activity_ + first_byte_limit(settings);
    }
    return std::min(last_activity_ + stall_limit(settings), window_start_ + settings.speed_window);
}

namespace {

Failure silent(std::string_view host, std::string_view what, std::chrono::milliseconds limit) {
    return {
        FailureClass::transient,
        fmt::format("`{}` {} for {:.3g} s", host, what, static_cast<double>(limit.count()) / 1000),
        std::nullopt, Load::busy};
}

} // namespace

} // namespace envpm::fetch
