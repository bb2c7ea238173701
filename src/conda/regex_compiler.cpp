#include "conda/regex_compiler.h"

#include "base/ascii.h"
#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace envpm::conda {

namespace {

using Step = Regex::Step;
using Set = Regex::Set;
using Kind = Step::Kind;
using Steps = std::vector<Step>;

constexpr std::size_t longest_text = 256;
constexpr std::size_t most_steps = 2000;
constexpr int most_groups = 20; ///< one in the other
constexpr std::size_t most_repetitions = 64;

/// Reads an expression from left to right; every part gives the steps that match it.
class Compiler {
  public:
    explicit Compiler(std::string_view text)
        : text_(text),
          rest_(text) {}

    Steps compile();

  private:
    Steps alternatives();
    Steps sequence();
    Steps repeated();
    Steps atom();
    Steps group();
    Set set();
    void set_item(Set& set);
    Set escaped();
    Steps repeat(Steps steps);

    struct Repetition {
        std::size_t least = 0;
        std::optional<std::size_t> most; ///< as often as it likes without
    };

    std::optional<Repetition> repetition();
    std::optional<Repetition> braces();
    std::optional<std::size_t> number();

    [[nodiscard]] bool take(char c);
    [[nodiscard]] char next();
    [[noreturn]] void refuse(const std::string& fault) const;
    void append(Steps& steps, const Steps& more) const;

    std::string_view text_;
    std::string_view rest_;
    int groups_ = 0;
};

Step one_of(const Set& set);
Step step(Kind kind, std::size_t target = 0, std::size_t other = 0);
void add_range(Set& set, char first, char last);

} // namespace

std::vector<Step> compile_regex(std::string_view text) {
    return Compiler(text).compile();
}

namespace {

Steps Compiler::compile() {
    if (text_.size() > longest_text) {
        throw Error(
            {.what = fmt::format("a regular expression of {} characters is too long", text_.size()),
             .subject = "",
             .hint = ""});
    }
    Steps steps = alternatives();
    if (!rest_.empty()) {
        refuse("a `)` has no `(`");
    }
    steps.push_back(step(Kind::found));
    return steps;
}

Steps Compiler::alternatives() {
    Steps steps = sequence();
    while (take('|')) {
        const Steps right = sequence();
        Steps both{step(Kind::fork, 1, steps.size() + 2)};
        append(both, steps);
        both.push_back(step(Kind::jump, right.size() + 1));
        append(both, right);
        steps = std::move(both);
    }
    return steps;
}

Steps Compiler::sequence() {
    Steps steps;
    while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
        append(steps, repeated());
    }
    return steps;
}

Steps Compiler::repeated() {
    if (take('^')) {
        return {step(Kind::at_start)};
    }
    if (take('$')) {
        return {step(Kind::at_end)};
    }
    return repeat(atom());
}

Steps Compiler::repeat(Steps steps) {
    const std::optional<Repetition> repetition = this->repetition();
    if (!repetition) {
        return steps;
    }
    // Whether as little or as much as possible is taken makes no difference to what is found.
    static_cast<void>(take('?'));
    if (!rest_.empty() && std::string_view("*+?{").find(rest_.front()) != std::string_view::npos) {
        refuse("a repetition is repeated");
    }
    Steps all;
    for (std::size_t i = 0; i < repetition->least; ++i) {
        append(all, steps);
    }
    Steps once{step(Kind::fork, 1, steps.size() + 1)};
    append(once, steps);
    if (!repetition->most) {
        once.front().other += 1;
        once.push_back(step(Kind::jump));
        once.back().target = -static_cast<std::int32_t>(steps.size() + 1);
        append(all, once);
    }
    for (std::size_t i = repetition->least; i < repetition->most.value_or(0); ++i) {
        append(all, once);
    }
    return all;
}

std::optional<Compiler::Repetition> Compiler::repetition() {
    if (take('*')) {
        return Repetition{0, std::nullopt};
    }
    if (take('+')) {
        return Repetition{1, std::nullopt};
    }
    if (take('?')) {
        return Repetition{0, 1};
    }
    return take('{') ? braces() : std::nullopt;
}

/// `{2}`, `{2,}`, `{,3}` or `{2,3}`, behind the `{`.
std::optional<Compiler::Repetition> Compiler::braces() {
    const std::optional<std::size_t> least = number();
    const bool has_comma = take(',');
    const std::optional<std::size_t> most = has_comma ? number() : least;
    const bool has_number = least || most;
    if (!take('}') || !has_number) {
        refuse("`{` does not begin a repetition such as `{2,3}`");
    }
    const Repetition repetition{least.value_or(0), most};
    const std::size_t highest = std::max(repetition.least, most.value_or(0));
    if (highest > most_repetitions || (most && *most < repetition.least)) {
        refuse(fmt::format("a repetition must rise and end at {}", most_repetitions));
    }
    return repetition;
}

std::optional<std::size_t> Compiler::number() {
    std::optional<std::size_t> number;
    while (!rest_.empty() && is_digit(rest_.front())) {
        const std::size_t digit = static_cast<std::size_t>(next() - '0');
        number = std::min(number.value_or(0) * 10 + digit, most_repetitions + 1);
    }
    return number;
}

Steps Compiler::atom() {
    if (take('(')) {
        return group();
    }
    if (take('[')) {
        return {one_of(set())};
    }
    if (take('\\')) {
        return {one_of(escaped())};
    }
    if (take('.')) {
        return {one_of(Set().set().reset('\n'))};
    }
    const char c = next();
    if (std::string_view("*+?{").find(c) != std::string_view::npos) {
        refuse(fmt::format("nothing stands before `{}` that could be repeated", c));
    }
    Set set;
    add_range(set, c, c);
    return {one_of(set)};
}

/// Behind its `(`.
Steps Compiler::group() {
    if (rest_.starts_with('?') && !rest_.starts_with("?:")) {
        refuse("groups that begin with `(?` are not supported, but for `(?:`");
    }
    if (++groups_ > most_groups) {
        refuse("it has too many groups in one another");
    }
    rest_.remove_prefix(rest_.starts_with('?') ? 2 : 0);
    Steps steps = alternatives();
    if (!take(')')) {
        refuse("a `)` is missing");
    }
    --groups_;
    return steps;
}

/// Behind its `[`.
Set Compiler::set() {
    Set set;
    const bool is_negated = take('^');
    do {
        set_item(set);
    } while (!take(']'));
    return is_negated ? ~set : set;
}

/// A character, an escape, or a range of characters.
void Compiler::set_item(Set& set) {
    if (rest_.empty()) {
        refuse("a `]` is missing");
    }
    if (take('\\')) {
        set |= escaped();
        return;
    }
    const char first = next();
    if (rest_.size() < 2 || rest_.front() != '-' || rest_[1] == ']') {
        add_range(set, first, first);
        return;
    }
    rest_.remove_prefix(1);
    const char last = next();
    if (last < first || last == '\\') {
        refuse(fmt::format("`{}-{}` is no range of characters", first, last));
    }
    add_range(set, first, last);
}

/// Behind its backslash.
Set Compiler::escaped() {
    Set set;
    const char c = rest_.empty() ? '\0' : next();
    switch (c) {
    case 'd':
    case 'D':
        add_range(set, '0', '9');
        break;
    case 'w':
    case 'W':
        add_range(set, '0', '9');
        add_range(set, 'a', 'z');
        add_range(set, '_', '_');
        break;
    case 's':
    case 'S':
        for (const char blank : white_space) {
            add_range(set, blank, blank);
        }
        break;
    default:
        if (c <= ' ' || is_letter_or_digit(c)) {
            refuse("it has an escape that is not supported: only `\\d`, `\\w`, `\\s`, their "
                   "opposites and escaped punctuation are");
        }
        add_range(set, c, c);
    }
    return c >= 'A' && c <= 'Z' ? ~set : set;
}

bool Compiler::take(char c) {
    if (!rest_.starts_with(c)) {
        return false;
    }
    rest_.remove_prefix(1);
    return true;
}

char Compiler::next() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
}

void Compiler::append(Steps& steps, const Steps& more) const {
    if (steps.size() + more.size() > most_steps) {
        refuse("it is too large");
    }
    steps.insert(steps.end(), more.begin(), more.end());
}

void Compiler::refuse(const std::string& fault) const {
    throw Error(
        {.what = fmt::format("`{}` is no regular expression that envpm can use: {}", text_, fault),
         .subject = "",
         .hint = ""});
}

Step one_of(const Set& set) {
    Step step;
    step.kind = Kind::one_of;
    step.set = set;
    return step;
}

Step step(Kind kind, std::size_t target, std::size_t other) {
    Step step;
    step.kind = kind;
    step.target = static_cast<std::int32_t>(target);
    step.other = static_cast<std::int32_t>(other);
    return step;
}

/// Both cases of letters.
void add_range(Set& set, char first, char last) {
    for (int i = static_cast<unsigned char>(first); i <= static_cast<unsigned char>(last); ++i) {
        const char c = static_cast<char>(i);
        const bool is_letter = is_letter_or_digit(c) && !is_digit(c);
        set.set(static_cast<unsigned char>(c));
        if (is_letter) {
            set.set(static_cast<unsigned char>(c) ^ 0x20U);
        }
    }
}

} // namespace

} // namespace envpm::conda
