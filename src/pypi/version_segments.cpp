// The key of a version is a flat list of numbers:
//
//     epoch  release+1 …  0  phase  phase number  post  dev  local …
//
// * Trailing zeros of the release are left out and a 0 closes it, so that 1 equals 1.0 and comes
//   before 1.0.1; the other numbers of the release are one higher, so that none looks like the end.
// * phase: development release of a final one, alpha, beta, candidate, none.
// * post: 0 without, else one higher than the number.
// * dev: the number, or the highest value without: 1.0.dev1 comes before 1.0.
// * local: a number n is (2, n), a word is 1 and its bytes by eights, so that words come before
//   numbers and a longer local version after its beginning.

#include "pypi/version_segments.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace envpm::pypi {

namespace {

constexpr std::size_t longest_version = 512;
constexpr std::size_t most_digits = 18;
constexpr std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();

constexpr std::uint64_t phase_of_development = 0;
constexpr std::uint64_t phase_of_alpha = 1;
constexpr std::uint64_t phase_of_none = 4;
constexpr std::uint64_t local_word = 1;
constexpr std::uint64_t local_number = 2;

/// Reads a lower-case text from left to right. What it is asked to take either is taken or leaves
/// the place as it was.
class Reader {
  public:
    explicit Reader(std::string_view text)
        : rest_(text) {}

    [[nodiscard]] bool is_at_end() const { return rest_.empty(); }

    /// An overlong number is remembered: it makes the whole text no version.
    [[nodiscard]] bool is_overlong() const { return is_overlong_; }

    [[nodiscard]] bool take(char c);
    [[nodiscard]] std::optional<std::uint64_t> number();
    [[nodiscard]] std::string_view letters_and_digits();

    /// One of `words` (the first that fits) with an optional separator before it, and the number
    /// behind it, again after an optional separator; 0 if there is none.
    struct Tagged {
        std::size_t word = 0;
        std::uint64_t number = 0;
    };

    [[nodiscard]] std::optional<Tagged> tagged(std::initializer_list<std::string_view> words);

    [[nodiscard]] std::string_view place() const { return rest_; }

    void go_back(std::string_view place) { rest_ = place; }

  private:
    void take_separator();

    std::string_view rest_;
    bool is_overlong_ = false;
};

bool read_release(Reader& reader, VersionSegments& segments);
void read_pre(Reader& reader, VersionSegments& segments);
void read_post(Reader& reader, VersionSegments& segments);
bool read_local(Reader& reader, VersionSegments& segments);
void append_number(std::string& text, std::uint64_t number);
VersionKey public_key(const VersionSegments& segments);
void append_local(VersionKey& key, std::string_view segment);

} // namespace

std::optional<VersionSegments> VersionSegments::parse(std::string_view text) {
    const std::string lower = ascii_lower(trimmed(text));
    if (lower.empty() || lower.size() > longest_version) {
        return std::nullopt;
    }
    Reader reader(lower);
    VersionSegments segments;
    segments.release.reserve(4);
    if (!read_release(reader, segments)) {
        return std::nullopt;
    }
    read_pre(reader, segments);
    read_post(reader, segments);
    if (const std::optional<Reader::Tagged> dev = reader.tagged({"dev"})) {
        segments.dev = dev->number;
    }
    if (!read_local(reader, segments) || !reader.is_at_end() || reader.is_overlong()) {
        return std::nullopt;
    }
    return segments;
}

std::string VersionSegments::public_text() const {
    constexpr std::array<std::string_view, 3> phases{"a", "b", "rc"};
    std::string text;
    if (epoch != 0) {
        append_number(text, epoch);
        text += '!';
    }
    append_number(text, release.front());
    for (std::size_t i = 1; i < release.size(); ++i) {
        text += '.';
        append_number(text, release[i]);
    }
    if (pre) {
        text += phases.at(static_cast<std::size_t>(pre->phase));
        append_number(text, pre->number);
    }
    if (post) {
        text += ".post";
        append_number(text, *post);
    }
    if (dev) {
        text += ".dev";
        append_number(text, *dev);
    }
    return text;
}

std::string VersionSegments::local_text() const {
    std::string text;
    for (const std::string& segment : local) {
        text += text.empty() ? "" : ".";
        text += segment;
    }
    return text;
}

VersionKey key_of(const VersionSegments& segments) {
    VersionKey key = public_key(segments);
    for (const std::string& segment : segments.local) {
        append_local(key, segment);
    }
    return key;
}

VersionKey key_just_above(const VersionSegments& segments) {
    VersionKey key = key_of(segments);
    key.push_back(0); // what continues a key does so with `local_word` or `local_number`
    return key;
}

VersionKey key_above_locals(const VersionSegments& segments) {
    VersionKey key = public_key(segments);
    key.push_back(highest);
    return key;
}

VersionKey key_above_posts(const VersionSegments& segments) {
    VersionKey key = public_key(segments);
    *(key.rbegin() + 1) = highest;
    return key;
}

VersionKey key_above_everything() {
    return {highest};
}

namespace {

bool is_separator(char c) {
    return c == '.' || c == '-' || c == '_';
}

bool Reader::take(char c) {
    if (!rest_.starts_with(c)) {
        return false;
    }
    rest_.remove_prefix(1);
    return true;
}

std::optional<std::uint64_t> Reader::number() {
    const std::string_view::iterator end = std::find_if_not(rest_.begin(), rest_.end(), is_digit);
    const std::size_t length = static_cast<std::size_t>(end - rest_.begin());
    if (length == 0) {
        return std::nullopt;
    }
    const std::size_t zeros = std::min(rest_.find_first_not_of('0'), length);
    if (length - zeros > most_digits) {
        is_overlong_ = true;
    }
    std::uint64_t value = 0;
    for (const char digit : rest_.substr(zeros, std::min(length - zeros, most_digits))) {
        value = value * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    rest_.remove_prefix(length);
    return value;
}

std::string_view Reader::letters_and_digits() {
    const std::string_view::iterator end =
        std::find_if_not(rest_.begin(), rest_.end(), is_letter_or_digit);
    const std::string_view word = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(word.size());
    return word;
}

std::optional<Reader::Tagged> Reader::tagged(std::initializer_list<std::string_view> words) {
    const std::string_view start = place();
    take_separator();
    const std::initializer_list<std::string_view>::iterator found =
        std::find_if(words.begin(), words.end(),
                     [this](std::string_view word) { return rest_.starts_with(word); });
    if (found == words.end()) {
        go_back(start);
        return std::nullopt;
    }
    rest_.remove_prefix(found->size());
    take_separator();
    return Tagged{static_cast<std::size_t>(found - words.begin()), number().value_or(0)};
}

void Reader::take_separator() {
    if (!rest_.empty() && is_separator(rest_.front())) {
        rest_.remove_prefix(1);
    }
}

bool read_release(Reader& reader, VersionSegments& segments) {
    static_cast<void>(reader.take('v'));
    std::optional<std::uint64_t> number = reader.number();
    if (number && reader.take('!')) {
        segments.epoch = *number;
        number = reader.number();
    }
    while (number) {
        segments.release.push_back(*number);
        const std::string_view before_dot = reader.place();
        if (!reader.take('.')) {
            break;
        }
        number = reader.number();
        if (!number) {
            reader.go_back(before_dot);
        }
    }
    return !segments.release.empty();
}

void read_pre(Reader& reader, VersionSegments& segments) {
    constexpr std::array<Phase, 8> phases{Phase::alpha,     Phase::alpha,     Phase::beta,
                                          Phase::beta,      Phase::candidate, Phase::candidate,
                                          Phase::candidate, Phase::candidate};
    const std::optional<Reader::Tagged> pre =
        reader.tagged({"alpha", "a", "beta", "b", "preview", "pre", "c", "rc"});
    if (pre) {
        segments.pre = VersionSegments::Pre{phases.at(pre->word), pre->number};
    }
}

void read_post(Reader& reader, VersionSegments& segments) {
    const std::string_view start = reader.place();
    if (reader.take('-')) {
        segments.post = reader.number();
    }
    if (!segments.post) {
        reader.go_back(start);
        const std::optional<Reader::Tagged> post = reader.tagged({"post", "rev", "r"});
        segments.post = post ? std::optional(post->number) : std::nullopt;
    }
}

bool read_local(Reader& reader, VersionSegments& segments) {
    if (!reader.take('+')) {
        return true;
    }
    do {
        const std::string_view segment = reader.letters_and_digits();
        if (segment.empty()) {
            return false;
        }
        if (!std::all_of(segment.begin(), segment.end(), is_digit)) {
            segments.local.emplace_back(segment);
            continue;
        }
        const std::size_t zeros = std::min(segment.find_first_not_of('0'), segment.size() - 1);
        if (segment.size() - zeros > most_digits) {
            return false;
        }
        segments.local.emplace_back(segment.substr(zeros));
    } while (reader.take('.') || reader.take('-') || reader.take('_'));
    return true;
}

/// Tens of thousands of versions are read for one solve: fmt::format took a quarter of that time.
void append_number(std::string& text, std::uint64_t number) {
    const fmt::format_int digits(number);
    text.append(digits.data(), digits.size());
}

VersionKey public_key(const VersionSegments& segments) {
    VersionKey key;
    key.reserve(segments.release.size() + 6 + 2 * segments.local.size());
    key.push_back(segments.epoch);
    std::size_t numbers = segments.release.size();
    while (numbers > 0 && segments.release[numbers - 1] == 0) {
        --numbers;
    }
    for (std::size_t i = 0; i < numbers; ++i) {
        key.push_back(segments.release[i] + 1);
    }
    key.push_back(0);
    if (segments.pre) {
        key.push_back(phase_of_alpha + static_cast<std::uint64_t>(segments.pre->phase));
        key.push_back(segments.pre->number);
    } else {
        const bool is_development = segments.dev && !segments.post;
        key.push_back(is_development ? phase_of_development : phase_of_none);
        key.push_back(0);
    }
    key.push_back(segments.post ? *segments.post + 1 : 0);
    key.push_back(segments.dev.value_or(highest));
    return key;
}

void append_local(VersionKey& key, std::string_view segment) {
    if (std::all_of(segment.begin(), segment.end(), is_digit)) {
        key.push_back(local_number);
        key.push_back(Reader(segment).number().value_or(0));
        return;
    }
    // Each word of the key holds eight bytes, the first the most significant; the last has a zero
    // byte, which ends the segment.
    key.push_back(local_word);
    for (std::size_t i = 0; i <= segment.size(); i += 8) {
        std::uint64_t packed = 0;
        for (std::size_t j = i; j < i + 8; ++j) {
            const unsigned char byte =
                j < segment.size() ? static_cast<unsigned char>(segment[j]) : '\0';
            packed = packed << 8U | byte;
        }
        key.push_back(packed);
    }
}

} // namespace

} // namespace envpm::pypi
