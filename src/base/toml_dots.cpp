#include "base/toml_dots.h"

#include "base/error.h"
#include "base/source_location.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace envpm {

namespace {

constexpr std::size_t most_dots = 64;

/// Reads no more of TOML than tells a key's dots from all others.
class DotScan {
  public:
    DotScan(std::string_view text, const std::string& file)
        : text_(text),
          file_(file) {}

    void run();

  private:
    struct Bracket {
        char kind;
        std::size_t dots_outside;
    };

    void take(char c);
    void skip_string();
    void skip_string_of_many_lines(std::string_view quotes);
    void count_dot();
    void open(char kind);
    void close();
    void begin_item();

    std::string_view text_;
    const std::string& file_;
    std::size_t at_ = 0;
    std::size_t dots_ = 0;        ///< that lead to this place
    std::size_t dots_around_ = 0; ///< those of the keys that the open brackets belong to
    bool in_value_ = false;       ///< where dots are those of numbers
    std::vector<Bracket> open_;
};

} // namespace

void check_dots(std::string_view text, const std::string& file) {
    DotScan(text, file).run();
}

namespace {

void DotScan::run() {
    while (at_ < text_.size()) {
        const char c = text_[at_];
        if (c == '"' || c == '\'') {
            skip_string();
        } else if (c == '#') {
            at_ = std::min(text_.find('\n', at_), text_.size());
        } else {
            take(c);
            ++at_;
        }
    }
}

void DotScan::take(char c) {
    if (c == '.' && !in_value_) {
        count_dot();
    } else if (c == '=') {
        in_value_ = true;
    } else if (c == '[' || c == '{') {
        open(c);
    } else if (c == ']' || c == '}') {
        close();
    } else if (c == ',' || (c == '\n' && open_.empty())) {
        begin_item();
    }
}

/// Begins at the first quote. A string of one line ends with the line at the latest: there the
/// parser gives up.
void DotScan::skip_string() {
    const char quote = text_[at_];
    const std::string_view quotes = quote == '"' ? "\"\"\"" : "'''";
    if (text_.substr(at_).starts_with(quotes)) {
        skip_string_of_many_lines(quotes);
        return;
    }
    for (++at_; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
        if (text_[at_] == quote) {
            ++at_;
            return;
        }
        if (quote == '"' && text_[at_] == '\\' && !text_.substr(at_ + 1).starts_with('\n')) {
            ++at_;
        }
    }
}

/// Up to two quotes may stand before the three that end it.
void DotScan::skip_string_of_many_lines(std::string_view quotes) {
    const char quote = quotes.front();
    for (at_ += quotes.size(); at_ < text_.size(); ++at_) {
        if (quote == '"' && text_[at_] == '\\') {
            ++at_;
        } else if (text_.substr(at_).starts_with(quotes)) {
            at_ += quotes.size();
            for (int more = 0; more < 2 && at_ < text_.size() && text_[at_] == quote; ++more) {
                ++at_;
            }
            return;
        }
    }
}

void DotScan::count_dot() {
    if (++dots_ <= most_dots) {
        return;
    }
    const std::string_view before = text_.substr(0, at_);
    const std::string_view line = before.substr(before.rfind('\n') + 1);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const auto characters = std::count_if(line.begin(), line.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; // the first byte of each in UTF-8
    });
    const SourceLocation location{file_, static_cast<int>(lines) + 1,
                                  static_cast<int>(characters) + 1};
    throw Error({fmt::format("more than {} dots lead to one key", most_dots), location.text(), {}});
}

void DotScan::open(char kind) {
    open_.push_back({kind, dots_around_});
    dots_around_ = dots_;
    in_value_ = in_value_ && kind == '[';
}

void DotScan::close() {
    if (!open_.empty()) {
        dots_around_ = open_.back().dots_outside;
        open_.pop_back();
    }
    dots_ = dots_around_;
}

void DotScan::begin_item() {
    dots_ = dots_around_;
    in_value_ = !open_.empty() && open_.back().kind == '[';
}

} // namespace

} // namespace envpm
