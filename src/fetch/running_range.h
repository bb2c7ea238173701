#pragma once

#include "fetch/hosts.h"
#include "fetch/rate_meter.h"
#include "fetch/schedule.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace envpm::fetch {

/// Of a host that nothing is known of: a slow line.
constexpr double guessed_bytes_per_second = 1 << 20U;

/// A first byte is late after this many times what the host ever took.
constexpr int answer_patience_factor = 3;

/// Bytes of one file that are on their way, and how fast they come. `host` is its mirror's.
struct RunningRange {
    std::size_t mirror = 0;
    std::vector<Piece> rest; ///< what has not come, in file order
    RateMeter meter;
    Clock::time_point started{};
    bool is_paused = false; ///< we are slow
    bool can_be_cut = true;
    bool shares_connection = false;
    std::uint64_t brought = 0; ///< bytes

    /// Bytes a second: 0 if it is silent, the host's rate if it has only begun.
    [[nodiscard]] double rate(const Host& host, Clock::time_point now) const;

    /// 0 before its answer, and while we are slow.
    [[nodiscard]] Clock::duration silent_for(Clock::time_point now) const;

    /// It has begun to answer and is silent for longer than usual: what is judged is its silence,
    /// not a rate that falls by that.
    [[nodiscard]] bool is_pausing(const Host& host, Clock::time_point now) const;

    /// As if it stayed silent for as long again, and then went on as before.
    [[nodiscard]] double rate_in_doubt(const Host& host, Clock::time_point now) const;
};

} // namespace envpm::fetch
