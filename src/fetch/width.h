#pragma once

#include "fetch/rate_meter.h"

#include <cstdint>
#include <optional>

namespace envpm::fetch {

/// How many transfers one file may have at once: one for each mirror, at least 4 and at most 8; one
/// more every 2 s as long as that brings a tenth more bytes, else one less again and rest for 30 s.
class Width {
  public:
    explicit Width(std::size_t mirrors = 1);

    [[nodiscard]] int allowed() const { return allowed_; }

    void received(std::uint64_t bytes, Clock::time_point now);

    /// Called before each choice, with the number of transfers that run.
    void think(Clock::time_point now, int in_flight);

  private:
    int allowed_;
    std::uint64_t bytes_ = 0;
    std::optional<Clock::time_point> step_at_;
    std::optional<double> before_; ///< bytes a second, before the last step
};

} // namespace envpm::fetch
