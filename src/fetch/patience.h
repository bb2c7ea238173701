#pragma once

#include "fetch/client.h"
#include "fetch/retry.h"
#include "fetch/schedule.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace envpm::fetch {

/// When one transfer has been silent or slow for too long. Connecting is timed by libcurl itself.
class Patience {
  public:
    enum class Stage { connecting, waiting, answering };

    /// What is asked of a proxy that fetches first takes so many times longer to answer.
    enum class Answers { directly = 1, after_fetching = 3 };

    /// `stall_after`: instead of the settings' `stall_timeout`.
    explicit Patience(Clock::time_point now,
                      std::optional<std::chrono::milliseconds> stall_after = std::nullopt,
                      Answers answers = Answers::directly)
        : stall_after_(stall_after),
          answers_(answers),
          last_activity_(now),
          window_start_(now) {}

    [[nodiscard]] Stage stage() const { return stage_; }

    /// The request is on its way, or the one after a redirect: the first byte is waited for from
    /// now on.
    void request_sent(Clock::time_point now);

    /// What came leads elsewhere, where libcurl connects now.
    void redirected() { stage_ = Stage::connecting; }

    /// Some bytes came, of the head or of the body.
    void received(Clock::time_point now, std::uint64_t bytes);

    /// The transfer pauses because we are slow, and the server is not to blame.
    void pause() { is_paused_ = true; }

    void resume(Clock::time_point now);

    /// The failure, if patience is at its end.
    std::optional<Failure> judge(const NetworkSettings& settings, std::string_view host,
                                 Clock::time_point now);

    /// When to judge again at the latest; nothing while connecting or paused.
    [[nodiscard]] std::optional<Clock::time_point> deadline(const NetworkSettings& settings) const;

  private:
    [[nodiscard]] std::chrono::milliseconds stall_limit(const NetworkSettings& settings) const {
        return stall_after_.value_or(settings.stall_timeout);
    }

    [[nodiscard]] std::chrono::milliseconds
    first_byte_limit(const NetworkSettings& settings) const {
        return settings.first_byte_timeout * static_cast<int>(answers_);
    }

    std::optional<std::chrono::milliseconds> stall_after_;
    Answers answers_;
    Stage stage_ = Stage::connecting;
    bool is_paused_ = false;
    Clock::time_point last_activity_;
    Clock::time_point window_start_;
    std::uint64_t window_bytes_ = 0;
};

} // namespace envpm::fetch
