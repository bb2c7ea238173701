#include "cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace envpm::cli {

namespace {

constexpr std::chrono::milliseconds redraw_pause{100};
constexpr std::chrono::seconds line_pause{10};
constexpr std::chrono::seconds rate_window{5};
constexpr std::size_t bar_cells = 20;

std::string bar(std::uint64_t done, std::uint64_t total);

} // namespace

Terminal describe_terminal(const GlobalOptions& options, const Variables& variables) {
    Terminal terminal;
    const bool has_no_color = variables.find("NO_COLOR").has_value();
    const bool is_dumb = variables.find("TERM").value_or("dumb") == "dumb";
    const bool is_terminal = ::isatty(STDERR_FILENO) == 1;
    terminal.is_interactive = is_terminal && !is_dumb && !options.has_no_progress;
    terminal.has_color =
        options.color == ColorMode::always ||
        (options.color == ColorMode::automatic && is_terminal && !is_dumb && !has_no_color);
    winsize size{};
    if (is_terminal && ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        terminal.width = size.ws_col;
    }
    terminal.is_quiet = options.is_quiet;
    terminal.is_verbose = options.is_verbose;
    return terminal;
}

std::string styled(const Terminal& terminal, Style style, std::string_view text) {
    if (!terminal.has_color || style == Style::plain) {
        return std::string(text);
    }
    const std::string_view code = style == Style::bold   ? "1"
                                  : style == Style::good ? "32"
                                  : style == Style::bad  ? "1;31"
                                                         : "2";
    return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const unsigned next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
        if ((byte < 0x20 && byte != '\n') || byte == 0x7f) {
            out += fmt::format("\\x{:02x}", byte);
        } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) { // U+0080 to U+009F in UTF-8
            out += fmt::format("\\x{:02x}", next);
            ++i;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string human_bytes(std::uint64_t bytes) {
    if (bytes < 1000) {
        return fmt::format("{} B", bytes);
    }
    auto amount = static_cast<double>(bytes);
    std::size_t unit = 0;
    constexpr std::string_view units = "BkMGT";
    while (amount >= 999.5 && unit + 1 < units.size()) {
        amount /= 1000;
        ++unit;
    }
    return amount < 10 ? fmt::format("{:.1f} {}B", amount, units[unit])
                       : fmt::format("{:.0f} {}B", amount, units[unit]);
}

std::string counted(std::uint64_t count, std::string_view noun) {
    if (count == 1) {
        return fmt::format("1 {}", noun);
    }
    return noun.ends_with("y") ? fmt::format("{} {}ies", count, noun.substr(0, noun.size() - 1))
                               : fmt::format("{} {}s", count, noun);
}

std::string human_seconds(double seconds) {
    if (seconds < 0.9995) {
        return fmt::format("{:.0f} ms", seconds * 1000);
    }
    if (seconds < 99.95) {
        return fmt::format("{:.1f} s", seconds);
    }
    const auto whole = static_cast<long>(seconds);
    return fmt::format("{} min {} s", whole / 60, whole % 60);
}

std::string human_remainder(double seconds) {
    constexpr double longest = 100 * 3600;
    const long whole = std::lround(std::min(seconds, longest));
    if (whole < 1) {
        return "<1 s";
    }
    if (whole < 60) {
        return fmt::format("{} s", whole);
    }
    return whole < 3600 ? fmt::format("{} min {} s", whole / 60, whole % 60)
                        : fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
}

TerminalProgress::~TerminalProgress() {
    const std::lock_guard lock(mutex_);
    clear_line();
}

void TerminalProgress::begin(std::string_view task, std::uint64_t total, ProgressUnit unit) {
    const std::lock_guard lock(mutex_);
    clear_line();
    task_ = task;
    total_ = total;
    unit_ = unit;
    done_ = 0;
    samples_.clear();
    is_open_ = true;
    next_draw_ = 0;
}

void TerminalProgress::advance(std::uint64_t amount) {
    done_ += amount;
    const Clock::time_point now = now_();
    if (now.time_since_epoch().count() < next_draw_) {
        return;
    }
    const std::lock_guard lock(mutex_);
    if (!is_open_ || now.time_since_epoch().count() < next_draw_) {
        return;
    }
    const bool is_first = samples_.empty(); // what was there before this run counts for no rate
    take_sample(now);
    if (!is_first) {
        draw(now);
    }
}

void TerminalProgress::end() {
    const std::lock_guard lock(mutex_);
    clear_line();
    is_open_ = false;
}

void TerminalProgress::note(std::string_view line) {
    const std::lock_guard lock(mutex_);
    clear_line();
    if (terminal_.is_quiet) {
        return;
    }
    fmt::print(stderr, "note: {}\n", printable(line));
    if (is_open_ && terminal_.is_interactive) {
        draw(now_());
    }
}

void TerminalProgress::trace(std::string_view line) {
    if (!terminal_.is_verbose || terminal_.is_quiet) {
        return;
    }
    const std::lock_guard lock(mutex_);
    clear_line();
    fmt::print(stderr, "{}\n", styled(terminal_, Style::faint, printable(line)));
}

/// When the next one is due too.
void TerminalProgress::take_sample(Clock::time_point now) {
    const auto pause = terminal_.is_interactive ? Clock::duration(redraw_pause) : line_pause;
    next_draw_ = (now + pause).time_since_epoch().count();
    samples_.push_back({now, done_});
    while (samples_.size() > 2 && now - samples_[1].at >= rate_window) {
        samples_.pop_front();
    }
}

void TerminalProgress::draw(Clock::time_point now) {
    if (terminal_.is_quiet) {
        return;
    }
    if (!terminal_.is_interactive) {
        fmt::print(stderr, "{} {}\n", task_, amounts(now));
        return;
    }
    std::string line = fmt::format("{}  ", task_);
    if (total_ > 0) {
        line += bar(done_, total_) + "  ";
    }
    line += amounts(now);
    // Bars are three bytes a cell, so bytes are no measure; a line that may wrap is cut of its bar.
    if (line.size() > terminal_.width + 2 * bar_cells) {
        line = fmt::format("{}  {}", task_, amounts(now)).substr(0, terminal_.width);
    }
    fmt::print(stderr, "\r\x1b[K{}", line);
    std::fflush(stderr);
    is_drawn_ = true;
}

void TerminalProgress::clear_line() {
    if (is_drawn_) {
        fmt::print(stderr, "\r\x1b[K");
        std::fflush(stderr);
        is_drawn_ = false;
    }
}

std::string TerminalProgress::amounts(Clock::time_point now) const {
    const std::uint64_t done = done_;
    if (unit_ == ProgressUnit::items) {
        return total_ > 0 ? fmt::format("{}/{}", done, total_) : fmt::format("{}", done);
    }
    std::string text = human_bytes(done);
    if (total_ > 0) {
        text += "/" + human_bytes(total_);
    }
    const double rate = bytes_per_second(now);
    text += fmt::format("  {}/s", human_bytes(static_cast<std::uint64_t>(rate)));
    if (total_ > done && rate > 0) {
        text += "  eta " + human_remainder(static_cast<double>(total_ - done) / rate);
    }
    return text;
}

double TerminalProgress::bytes_per_second(Clock::time_point now) const {
    if (samples_.empty()) {
        return 0;
    }
    const Sample& oldest = samples_.front();
    const double seconds = std::chrono::duration<double>(now - oldest.at).count();
    return seconds > 0 ? static_cast<double>(done_ - oldest.done) / seconds : 0;
}

namespace {

std::string bar(std::uint64_t done, std::uint64_t total) {
    const auto full = static_cast<std::size_t>(
        std::min<std::uint64_t>(bar_cells, done * bar_cells / std::max<std::uint64_t>(1, total)));
    std::string cells;
    for (std::size_t i = 0; i < bar_cells; ++i) {
        cells += i < full ? "█" : "░";
    }
    return cells;
}

} // namespace

} // namespace envpm::cli
