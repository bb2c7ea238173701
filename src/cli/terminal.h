#pragma once

#include "base/progress.h"
#include "base/variables.h"
#include "cli/global_options.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace envpm::cli {

/// What the two output streams are, decided once.
struct Terminal {
    bool has_color = false;      ///< on standard error
    bool is_interactive = false; ///< standard error is a terminal that can redraw a line
    std::size_t width = 80;
    bool is_quiet = false;
    bool is_verbose = false;
};

/// From the flags, NO_COLOR (https://no-color.org), TERM and the streams.
Terminal describe_terminal(const GlobalOptions& options, const Variables& variables);

enum class Style { plain, bold, good, bad, faint };

/// The text in that style, or as it is without colours.
std::string styled(const Terminal& terminal, Style style, std::string_view text);

/// With every control character (C0, DEL, C1) but line breaks as `\x1b`: names and texts of
/// packages stand in messages, and must neither move a cursor nor colour a line.
std::string printable(std::string_view text);

/// "2.8 GB", "512 B": decimal units, as disks and downloads are sold.
std::string human_bytes(std::uint64_t bytes);

/// "1 binary", "2 binaries".
std::string counted(std::uint64_t count, std::string_view noun);

/// "1.4 s", "230 ms", "2 min 5 s".
std::string human_seconds(double seconds);

/// What is left of a time, no finer than it can be known: "<1 s", "38 s", "1 min 37 s", "2 h 5
/// min".
std::string human_remainder(double seconds);

/// Progress on standard error: a bar on a terminal, redrawn ten times a second at most; elsewhere a
/// line when a task begins to take long, and one each ten seconds. Any thread may call it, so the
/// one line that all of them write is behind a mutex.
class TerminalProgress final : public Progress {
  public:
    using Clock = std::chrono::steady_clock;

    explicit TerminalProgress(const Terminal& terminal,
                              std::function<Clock::time_point()> now = Clock::now)
        : terminal_(terminal),
          now_(std::move(now)) {}

    TerminalProgress(const TerminalProgress&) = delete;
    TerminalProgress& operator=(const TerminalProgress&) = delete;
    ~TerminalProgress() override;

    void begin(std::string_view task, std::uint64_t total, ProgressUnit unit) override;
    void advance(std::uint64_t amount) override;
    void end() override;
    void note(std::string_view line) override;
    void trace(std::string_view line) override;

  private:
    void draw(Clock::time_point now);
    void clear_line();
    void take_sample(Clock::time_point now);
    [[nodiscard]] std::string amounts(Clock::time_point now) const;
    [[nodiscard]] double bytes_per_second(Clock::time_point now) const;

    const Terminal& terminal_;
    std::function<Clock::time_point()> now_;
    std::mutex mutex_;
    std::string task_;
    std::uint64_t total_ = 0;
    ProgressUnit unit_ = ProgressUnit::items;
    std::atomic<std::uint64_t> done_ = 0;
    std::atomic<Clock::rep> next_draw_ = 0;

    /// What was done at some moment; the rate is that of the last seconds.
    struct Sample {
        Clock::time_point at;
        std::uint64_t done;
    };

    std::deque<Sample> samples_; ///< oldest first
    bool is_drawn_ = false;
    bool is_open_ = false;
};

} // namespace envpm::cli
