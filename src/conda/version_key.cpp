// conda compares versions segment by segment, segments run by run, and takes 0 for what is missing.
// The key has one byte or a few for each run, so that comparing bytes gives the same answer:
//
//     dev  _ a … z  0-  end-  end  end+  0+  1 2 …  post
//
// * A word is its letters and the byte `word_end`, below all letters; `dev` is one lower byte.
// * `end` closes the version, and again what follows `+`. Zeros at the end of a segment and empty
//   segments at the end of a version are left out, so that 1 and 1.0.0 have one key.
// * Where something follows them, zeros and ends of segments are written down, and have a sign:
//   that of the first run behind them that is not zero, words being negative. A 0 that a word
//   follows is below the end (1.0a < 1), one that a number follows is above it (1.0.1 > 1). `0-`
//   only sees its own segment, so whatever its sign says comes before what the ends say.
//
// Signs are known from behind, so the key is written from its end to its beginning.

#include "conda/version_key.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace envpm::conda {

namespace {

constexpr std::size_t longest_version = 256;

constexpr unsigned char lowest_byte = 0x00; ///< below everything
constexpr unsigned char development = 0x01;
constexpr unsigned char word_end = 0x02;
constexpr unsigned char above_letters = 0x7b;
constexpr unsigned char zero_before_less = 0x7b;
constexpr unsigned char end_before_less = 0x7c;
constexpr unsigned char end_of_version = 0x7d;
constexpr unsigned char end_before_more = 0x7e;
constexpr unsigned char zero_before_more = 0x7f;
constexpr unsigned char small_number = 0x7f;  ///< a number up to `most_small` is this and itself
constexpr unsigned char number_bytes = 0xe3;  ///< this and how many bytes follow, at most 8
constexpr unsigned char number_digits = 0xec; ///< how many digits follow, and they
constexpr unsigned char post = 0xfe;
constexpr unsigned char highest_byte = 0xff; ///< above everything

constexpr std::uint64_t most_small = number_bytes - small_number;
constexpr std::size_t most_digits = 18; ///< of a number that is written as bytes

/// What stands behind the last run: nothing, or what bounds all that could stand there.
enum class Tail { none, lowest, highest };

/// A version text in lower case, cut at `!` and `+`.
class Parts {
  public:
    /// False for what is no version, but for empty segments.
    [[nodiscard]] bool read(std::string_view text);

    [[nodiscard]] std::string_view epoch() const { return epoch_; } ///< empty without `!`

    [[nodiscard]] std::string_view main() const { return main_; }

    [[nodiscard]] std::string_view local() const { return local_; } ///< empty without `+`

  private:
    [[nodiscard]] bool lower(std::string_view text);

    std::array<char, longest_version> characters_;
    std::string_view epoch_;
    std::string_view main_;
    std::string_view local_;
};

/// Writes a key from its end to its beginning.
class KeyWriter {
  public:
    /// False if a segment is empty.
    [[nodiscard]] bool write(const Parts& parts, Tail tail);

    [[nodiscard]] VersionKey key() const { return {bytes_.begin() + first_, bytes_.end()}; }

  private:
    [[nodiscard]] bool write_segments(std::string_view list, bool keeps_last_underscore, Tail tail);
    void write_segment(std::string_view segment, Tail tail);
    void write_number(std::string_view digits);
    void write_word(std::string_view word, Tail tail);
    void write_tail(Tail tail);

    void put(unsigned char byte) { bytes_[--first_] = static_cast<char>(byte); }

    void put(std::string_view bytes) {
        first_ -= bytes.size();
        std::copy(bytes.begin(), bytes.end(), bytes_.begin() + first_);
    }

    /// A character gives at most three bytes: `a` in `.a.` is 0, itself and its end; the separators
    /// give one.
    std::array<char, 3 * longest_version + 8> bytes_;
    std::size_t first_ = bytes_.size();
    int sign_of_rest_ = 0; ///< of the segments behind, up to `end`
    int sign_ = 0;         ///< of what the segment has so far
};

std::optional<VersionKey> written(std::string_view text, Tail tail);

} // namespace

std::optional<VersionKey> version_key(std::string_view text) {
    return written(text, Tail::none);
}

std::optional<VersionRange> versions_starting_with(std::string_view text) {
    std::optional<VersionKey> low = written(text, Tail::lowest);
    if (!low) {
        return std::nullopt;
    }
    return VersionRange{*std::move(low), *written(text, Tail::highest)};
}

std::optional<VersionRange> versions_compatible_with(std::string_view text) {
    std::optional<VersionKey> low = version_key(text);
    const std::string_view main = text.substr(0, text.find('+'));
    // The underscore that ends a version is part of its last segment.
    const std::size_t separator = main.substr(0, main.size() - 1).find_last_of("._-");
    if (!low || separator == std::string_view::npos) {
        return std::nullopt;
    }
    std::optional<VersionKey> high = written(main.substr(0, separator), Tail::highest);
    return VersionRange{*std::move(low), *std::move(high)};
}

namespace {

std::optional<VersionKey> written(std::string_view text, Tail tail) {
    Parts parts;
    KeyWriter writer;
    if (!parts.read(text) || !writer.write(parts, tail)) {
        return std::nullopt;
    }
    return writer.key();
}

bool Parts::read(std::string_view text) {
    if (!lower(text)) {
        return false;
    }
    main_ = std::string_view(characters_.data(), text.size());
    const std::size_t mark = main_.find('!');
    if (mark != std::string_view::npos) {
        epoch_ = main_.substr(0, mark);
        main_.remove_prefix(mark + 1);
        if (epoch_.empty() || !std::all_of(epoch_.begin(), epoch_.end(), is_digit)) {
            return false;
        }
    }
    const std::size_t plus = main_.find('+');
    if (plus != std::string_view::npos) {
        local_ = main_.substr(plus + 1);
        main_ = main_.substr(0, plus);
        if (local_.empty()) {
            return false;
        }
    }
    return !main_.empty() && main_.find('!') == std::string_view::npos &&
           local_.find_first_of("!+") == std::string_view::npos;
}

/// Copies the text in lower case. Dashes become underscores if there are no others.
bool Parts::lower(std::string_view text) {
    if (text.size() > characters_.size()) {
        return false;
    }
    bool has_dash = false;
    bool has_underscore = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        has_dash = has_dash || c == '-';
        has_underscore = has_underscore || c == '_';
        if (!is_letter_or_digit(c) && std::string_view("._-+!").find(c) == std::string_view::npos) {
            return false;
        }
        characters_[i] = c == '-' ? '_' : ascii_lower(c);
    }
    return !(has_dash && has_underscore);
}

bool KeyWriter::write(const Parts& parts, Tail tail) {
    const bool has_local = !parts.local().empty();
    if (tail == Tail::none || has_local) {
        if (tail == Tail::none) {
            put(end_of_version);
        }
        if (has_local && !write_segments(parts.local(), false, tail)) {
            return false;
        }
        put(end_of_version);
        sign_of_rest_ = 0;
        tail = Tail::none;
    }
    if (!write_segments(parts.main(), true, tail)) {
        return false;
    }
    return write_segments(parts.epoch().empty() ? "0" : parts.epoch(), false, Tail::none);
}

/// The underscore that ends a version is part of its last segment (`1.0.1_`): before a word and
/// below it, which makes room for versions that count in letters.
bool KeyWriter::write_segments(std::string_view list, bool keeps_last_underscore, Tail tail) {
    std::size_t end = list.size();
    while (true) {
        const bool skips = keeps_last_underscore && end == list.size() && list.back() == '_';
        const std::string_view before = list.substr(0, skips ? end - 1 : end);
        const std::size_t separator = before.find_last_of("._");
        const std::size_t begin = separator == std::string_view::npos ? 0 : separator + 1;
        if (begin == end) {
            return false;
        }
        write_segment(list.substr(begin, end - begin), tail);
        if (begin == 0) {
            return true;
        }
        tail = Tail::none;
        end = separator;
    }
}

void KeyWriter::write_segment(std::string_view segment, Tail tail) {
    if (sign_of_rest_ != 0) {
        put(sign_of_rest_ < 0 ? end_before_less : end_before_more);
    }
    sign_ = 0;
    const bool starts_with_word = !is_digit(segment.front());
    while (!segment.empty()) {
        const bool is_number = is_digit(segment.back());
        std::size_t begin = segment.size() - 1;
        while (begin > 0 && is_digit(segment[begin - 1]) == is_number) {
            --begin;
        }
        const std::string_view run = segment.substr(begin);
        if (is_number) {
            write_tail(tail);
            write_number(run);
        } else {
            write_word(run, tail);
        }
        tail = Tail::none;
        segment.remove_suffix(run.size());
    }
    if (starts_with_word) {
        write_number("");
    }
    sign_of_rest_ = sign_ != 0 ? sign_ : sign_of_rest_;
}

void KeyWriter::write_number(std::string_view digits) {
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    if (digits.empty()) {
        if (sign_ != 0) {
            put(sign_ < 0 ? zero_before_less : zero_before_more);
        }
        return;
    }
    sign_ = 1;
    if (digits.size() > most_digits) {
        put(digits);
        put(static_cast<unsigned char>(digits.size()));
        put(number_digits);
        return;
    }
    std::uint64_t number = 0;
    for (const char digit : digits) {
        number = 10 * number + static_cast<std::uint64_t>(digit - '0');
    }
    if (number <= most_small) {
        put(static_cast<unsigned char>(small_number + number));
        return;
    }
    unsigned char bytes = 0;
    for (; number != 0; number >>= 8U) {
        put(static_cast<unsigned char>(number & 0xffU));
        ++bytes;
    }
    put(static_cast<unsigned char>(number_bytes + bytes));
}

void KeyWriter::write_word(std::string_view word, Tail tail) {
    if (word == "dev" || word == "post") {
        write_tail(tail);
        put(word == "dev" ? development : post);
        sign_ = word == "dev" ? -1 : 1;
        return;
    }
    // A word that only begins ours: all that continues it lies between it alone and it with a byte
    // that is above all letters.
    if (tail == Tail::none) {
        put(word_end);
    } else if (tail == Tail::highest) {
        put(above_letters);
    }
    put(word);
    sign_ = -1;
}

void KeyWriter::write_tail(Tail tail) {
    if (tail != Tail::none) {
        put(tail == Tail::lowest ? lowest_byte : highest_byte);
        sign_ = tail == Tail::lowest ? -1 : 1;
    }
}

} // namespace

} // namespace envpm::conda
