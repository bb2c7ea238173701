#include "fetch/running_range.h"

#include <algorithm>
#include <chrono>
#include <optional>

namespace envpm::fetch {

namespace {

constexpr std::chrono::seconds silence_before_answer{5};

} // namespace

double RunningRange::rate(const Host& host, Clock::time_point now) const {
    const double guess = std::max(known_rate(host), guessed_bytes_per_second);
    const std::optional<Clock::time_point> heard_at = meter.heard_at();
    if (is_paused || !heard_at) {
        const Clock::duration most = std::max<Clock::duration>(
            silence_before_answer, answer_patience_factor * host.first_byte_after);
        const bool is_silent = !is_paused && now - started > most;
        return is_silent ? 0 : guess;
    }
    if (now - *heard_at >= silence_limit(host)) {
        return 0;
    }
    return meter.rate(now).value_or(guess);
}

Clock::duration RunningRange::silent_for(Clock::time_point now) const {
    return is_paused ? Clock::duration() : now - meter.heard_at().value_or(now);
}

bool RunningRange::is_pausing(const Host& host, Clock::time_point now) const {
    return silent_for(now) >= pause_limit(host);
}

double RunningRange::rate_in_doubt(const Host& host, Clock::time_point now) const {
    const double usual = rate(host, now);
    const auto bytes = static_cast<double>(sum(rest));
    const double more = seconds_of(silent_for(now));
    return usual > 0 && bytes > 0 ? bytes / (more + bytes / usual) : 0;
}

} // namespace envpm::fetch
