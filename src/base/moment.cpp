#include "base/moment.h"

#include "base/ascii.h"

#include <fmt/chrono.h>

namespace envpm {

namespace {

using std::chrono::microseconds;

constexpr std::size_t date_length = std::string_view("2026-11-01").size();
constexpr int most_digits_of_second = 9;

/// Reads fixed-width numbers and separators, remembering the first fault.
class Reader {
  public:
    explicit Reader(std::string_view text)
        : text_(text) {}

    int digits(std::size_t count, int largest);

    bool one_of(std::string_view characters) {
        bool is_one = false; // of three at most: a search would cost more
        for (const char c : characters) {
            is_one = is_one || (!text_.empty() && text_.front() == c);
        }
        text_.remove_prefix(is_one ? 1 : 0);
        return is_one;
    }

    void expect(std::string_view characters) { is_good_ = one_of(characters) && is_good_; }

    microseconds fraction();
    std::chrono::minutes offset();

    [[nodiscard]] bool is_at_end() const { return text_.empty(); }

    [[nodiscard]] bool is_good() const { return is_good_; }

  private:
    [[nodiscard]] bool at_digit() const { return !text_.empty() && is_digit(text_.front()); }

    std::string_view text_;
    bool is_good_ = true;
};

std::optional<std::chrono::sys_days> read_date(Reader& reader);

} // namespace

std::optional<Moment> parse_moment(std::string_view text) {
    Reader reader(text);
    const std::optional<std::chrono::sys_days> day = read_date(reader);
    reader.expect("Tt ");
    const std::chrono::hours hours(reader.digits(2, 23));
    reader.expect(":");
    const std::chrono::minutes minutes(reader.digits(2, 59));
    reader.expect(":");
    const std::chrono::seconds seconds(reader.digits(2, 60)); // 60: a leap second
    const microseconds fraction = reader.fraction();
    const std::chrono::minutes offset = reader.offset();
    if (!day || !reader.is_good() || !reader.is_at_end()) {
        return std::nullopt;
    }
    return Moment(*day) + hours + minutes + seconds + fraction - offset;
}

std::optional<Moment> last_moment(std::string_view date_or_moment) {
    Reader reader(date_or_moment);
    const std::optional<std::chrono::sys_days> day = read_date(reader);
    if (day && reader.is_at_end()) {
        return Moment(*day + std::chrono::days(1)) - microseconds(1);
    }
    return parse_moment(date_or_moment);
}

std::optional<std::string> normal_time(std::string_view date_or_moment) {
    if (!last_moment(date_or_moment)) {
        return std::nullopt;
    }
    std::string normal(date_or_moment);
    if (normal.size() > date_length) {
        normal[date_length] = 'T';
        normal.back() = normal.back() == 'z' ? 'Z' : normal.back();
    }
    return normal;
}

std::string to_rfc3339(std::chrono::system_clock::time_point time) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

namespace {

int Reader::digits(std::size_t count, int largest) {
    const std::string_view field = text_.substr(0, count);
    int value = 0;
    for (const char digit : field) {
        is_good_ = is_good_ && is_digit(digit);
        value = value * 10 + (digit - '0');
    }
    text_.remove_prefix(field.size());
    is_good_ = is_good_ && field.size() == count && value <= largest;
    return is_good_ ? value : 0;
}

microseconds Reader::fraction() {
    if (!one_of(".")) {
        return microseconds(0);
    }
    int value = 0;
    int count = 0;
    for (int scale = 100'000; at_digit(); scale /= 10) {
        value += (text_.front() - '0') * scale;
        text_.remove_prefix(1);
        ++count;
    }
    is_good_ = is_good_ && count >= 1 && count <= most_digits_of_second;
    return microseconds(value);
}

std::chrono::minutes Reader::offset() {
    if (one_of("Zz")) {
        return std::chrono::minutes(0);
    }
    const bool is_west = one_of("-");
    if (!is_west) {
        expect("+");
    }
    const int hours = digits(2, 23);
    expect(":");
    const std::chrono::minutes offset(hours * 60 + digits(2, 59));
    return is_west ? -offset : offset;
}

std::optional<std::chrono::sys_days> read_date(Reader& reader) {
    const std::chrono::year year(reader.digits(4, 9999));
    reader.expect("-");
    const std::chrono::month month(static_cast<unsigned>(reader.digits(2, 12)));
    reader.expect("-");
    const std::chrono::day day(static_cast<unsigned>(reader.digits(2, 31)));
    const std::chrono::year_month_day date(year, month, day);
    if (!reader.is_good() || !date.ok()) {
        return std::nullopt;
    }
    return std::chrono::sys_days(date);
}

} // namespace

} // namespace envpm
