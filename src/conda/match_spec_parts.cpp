#include "conda/match_spec_parts.h"

#include "base/ascii.h"
#include "base/error.h"
#include "model/channel_subdir.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::conda {

namespace {

using Field = MatchSpecParts::Field;

constexpr std::string_view name_ends = " \t\n\r\f\v=<>!~";
constexpr std::string_view operator_characters = "=<>!~";

/// Cuts what stands before the brackets.
class Head {
  public:
    Head(std::string_view text, Form form)
        : rest_(trimmed(text)),
          form_(form) {}

    void cut(MatchSpecParts& parts);

  private:
    void cut_remark();
    void cut_channel(MatchSpecParts& parts);
    void cut_version(MatchSpecParts& parts, bool is_joined);
    [[nodiscard]] std::size_t end_of_version() const;
    [[nodiscard]] bool is_separator(std::size_t at) const;

    std::string_view rest_;
    Form form_;
};

/// Reads `[key=value, key='value']` from left to right.
class Brackets {
  public:
    explicit Brackets(std::string_view text)
        : rest_(text) {}

    std::vector<Field> fields();

    [[nodiscard]] std::string_view rest() const { return rest_; } ///< behind the `]`

  private:
    Field field();
    std::string quoted();
    void skip(std::string_view characters);

    std::string_view rest_;
};

std::string_view without_comment(std::string_view text);
std::size_t find_brackets(std::string_view text);
std::size_t end_of_regex(std::string_view text, std::size_t at);
bool is_blank(char c);
bool is_namespace(std::string_view text);
[[noreturn]] void refuse(const std::string& fault, const std::string& hint = "");

} // namespace

MatchSpecParts MatchSpecParts::cut(std::string_view text, Form form) {
    const std::string_view spec = trimmed(without_comment(text));
    const std::size_t begin = find_brackets(spec);
    MatchSpecParts parts;
    const std::string_view head = spec.substr(0, begin);
    if (begin < spec.size()) {
        Brackets brackets(spec.substr(begin));
        parts.fields = brackets.fields();
        const std::string_view rest = trimmed(brackets.rest());
        const bool is_remark = rest.starts_with("(optional") || rest.starts_with("(target");
        if (!rest.empty() && !(is_remark && form == Form::lenient)) {
            refuse(fmt::format("nothing may stand behind `]`, but `{}` does", rest));
        }
    }
    Head(head, form).cut(parts);
    return parts;
}

namespace {

void Head::cut(MatchSpecParts& parts) {
    if (rest_.find(" if ") != std::string_view::npos) {
        refuse("conditions behind `if` are not supported");
    }
    cut_remark();
    cut_channel(parts);
    const std::size_t end = rest_.starts_with('^')
                                ? end_of_regex(rest_, 0)
                                : std::min(rest_.find_first_of(name_ends), rest_.size());
    parts.name = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (parts.name.empty()) {
        refuse("it does not begin with a name");
    }
    const bool is_joined = !rest_.empty() && !is_blank(rest_.front());
    rest_ = trimmed(rest_);
    if (rest_ == "=" && is_joined && form_ == Form::lenient) {
        return;
    }
    cut_version(parts, is_joined);
}

/// `(optional)` and `(target=…)` tell conda's classic solver what it may drop; nothing that matches
/// depends on them.
void Head::cut_remark() {
    const std::size_t begin = rest_.rfind('(');
    if (begin == std::string_view::npos || !rest_.ends_with(')')) {
        return;
    }
    const std::string_view remark = rest_.substr(begin);
    if (!remark.starts_with("(optional") && !remark.starts_with("(target")) {
        return;
    }
    if (form_ == Form::strict) {
        refuse(fmt::format("`{}` means nothing to envpm", remark), "leave it out");
    }
    rest_ = trimmed(rest_.substr(0, begin));
}

/// `channel::`, `channel:namespace:` or `namespace:`; the namespace is read and ignored. Of
/// `foo >=1:2` conda would do so with all before the `2`.
void Head::cut_channel(MatchSpecParts& parts) {
    const std::string_view before = rest_.substr(0, rest_.find('^'));
    const std::size_t colon = before.rfind(':');
    if (colon == std::string_view::npos) {
        return;
    }
    const std::size_t first =
        colon == 0 ? std::string_view::npos : before.substr(0, colon).rfind(':');
    const std::size_t begin = first == std::string_view::npos ? 0 : first + 1;
    const std::string_view name_space = trimmed(before.substr(begin, colon - begin));
    if (!is_namespace(name_space)) {
        refuse(fmt::format("`{}` before a `:` is no namespace", name_space));
    }
    if (first != std::string_view::npos) {
        parts.channel = trimmed(rest_.substr(0, first));
    }
    rest_ = trimmed(rest_.substr(colon + 1));
}

/// What stands behind the name: a version, and perhaps a build behind a blank or `=`. Beside
/// `=1.2`, which says that a version begins so, there is `=1.2=build`, where the `=` only separate.
void Head::cut_version(MatchSpecParts& parts, bool is_joined) {
    const std::size_t end = end_of_version();
    parts.version = trimmed(rest_.substr(0, end));
    std::string_view build = trimmed(rest_.substr(end));
    if (build.empty()) {
        return;
    }
    const bool joins_build = build.front() == '=';
    build = trimmed(build.substr(joins_build ? 1 : 0));
    if (build.empty()) {
        refuse("a build is missing behind the last `=`");
    }
    parts.build = build;
    if (!parts.version.starts_with('=') ||
        parts.version.find_first_of(",|") != std::string_view::npos) {
        return;
    }
    const std::string_view bare = trimmed(parts.version.substr(1));
    if (bare.empty() || operator_characters.find(bare.front()) != std::string_view::npos) {
        return; // `==1.2`, or what is no operator: `=>1.2`
    }
    // CEP 29 says that `name =1.2 build` means 1.2.*; conda and rattler take it for 1.2.
    if (form_ == Form::strict && !(is_joined && joins_build)) {
        refuse(fmt::format("`{}` may mean `{}` or `{}.*` when a build follows", parts.version, bare,
                           bare),
               fmt::format("write `{0} {1} {2}` or `{0} {1}.* {2}`", parts.name, bare, build));
    }
    parts.version = bare;
}

/// The place of the separator before the build; the end if there is none.
std::size_t Head::end_of_version() const {
    for (std::size_t i = 0; i < rest_.size(); ++i) {
        if (rest_[i] == '^') {
            i = end_of_regex(rest_, i) - 1;
        } else if (is_separator(i)) {
            return i;
        }
    }
    return rest_.size();
}

/// A blank or `=` between two words, not beside an operator or a sign that joins versions.
bool Head::is_separator(std::size_t at) const {
    if (!is_blank(rest_[at]) && rest_[at] != '=') {
        return false;
    }
    const std::string_view before = trimmed(rest_.substr(0, at));
    std::string_view behind = trimmed(rest_.substr(at));
    if (behind.starts_with('=')) {
        behind = trimmed(behind.substr(1));
    }
    const std::string_view joins = "=<>!~|,";
    return !before.empty() && joins.find(before.back()) == std::string_view::npos &&
           before.back() != '(' &&
           (behind.empty() ||
            (joins.find(behind.front()) == std::string_view::npos && behind.front() != ')'));
}

std::vector<Field> Brackets::fields() {
    std::vector<Field> fields;
    rest_.remove_prefix(1);
    skip(", ");
    while (!rest_.starts_with(']')) {
        if (rest_.empty()) {
            refuse("a `]` is missing");
        }
        fields.push_back(field());
        const auto same = [&fields](const Field& other) { return other.key == fields.back().key; };
        if (std::find_if(fields.begin(), fields.end() - 1, same) != fields.end() - 1) {
            refuse(fmt::format("`{}` is given twice", fields.back().key));
        }
        skip(", ");
    }
    rest_.remove_prefix(1);
    return fields;
}

/// `key=value`, or a key alone.
Field Brackets::field() {
    const std::size_t end = std::min(rest_.find_first_of("=,] \t"), rest_.size());
    Field field{.key = rest_.substr(0, end), .value = {}};
    rest_.remove_prefix(end);
    skip(" ");
    if (field.key.empty()) {
        refuse(fmt::format("a key is missing before `{}`", rest_));
    }
    if (!rest_.starts_with('=')) {
        return field;
    }
    rest_.remove_prefix(1);
    skip(" ");
    if (rest_.starts_with('\'') || rest_.starts_with('"')) {
        field.value = quoted();
    } else {
        const std::size_t value_end = std::min(rest_.find_first_of(",] \t"), rest_.size());
        field.value = rest_.substr(0, value_end);
        rest_.remove_prefix(value_end);
    }
    if (field.value.empty()) {
        refuse(fmt::format("`{}` has no value", field.key));
    }
    return field;
}

/// A backslash before a quote or a backslash is left off; others stay, as in Python.
std::string Brackets::quoted() {
    const char quote = rest_.front();
    std::string value;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
        if (rest_[i] == quote) {
            rest_.remove_prefix(i + 1);
            return value;
        }
        const char after = i + 1 < rest_.size() ? rest_[i + 1] : '\0';
        const bool is_escape = rest_[i] == '\\' && (after == '\'' || after == '"' || after == '\\');
        i += is_escape ? 1 : 0;
        value += rest_[i];
    }
    refuse(fmt::format("a closing `{}` is missing", quote));
}

void Brackets::skip(std::string_view characters) {
    const auto is_skipped = [characters](char c) {
        return is_blank(c) || characters.find(c) != std::string_view::npos;
    };
    rest_.remove_prefix(static_cast<std::size_t>(
        std::find_if_not(rest_.begin(), rest_.end(), is_skipped) - rest_.begin()));
}

/// Up to a `#` that stands before the brackets or behind them.
std::string_view without_comment(std::string_view text) {
    const std::size_t brackets = find_brackets(text);
    const std::size_t before = text.substr(0, brackets).find('#');
    if (before != std::string_view::npos) {
        return text.substr(0, before);
    }
    if (brackets == text.size()) {
        return text;
    }
    Brackets reader(text.substr(brackets));
    static_cast<void>(reader.fields());
    const std::size_t behind = text.size() - reader.rest().size();
    return text.substr(0, text.find('#', behind));
}

/// The first `[` that is not part of a regular expression; the end if there is none.
std::size_t find_brackets(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '[' || text[i] == '#') {
            return text[i] == '[' ? i : text.size();
        }
        if (text[i] == '^') {
            i = end_of_regex(text, i) - 1;
        }
    }
    return text.size();
}

/// Behind the `$` of the regular expression that begins at `at`.
std::size_t end_of_regex(std::string_view text, std::size_t at) {
    const std::size_t dollar = text.find('$', at);
    return dollar == std::string_view::npos ? at + 1 : dollar + 1;
}

bool is_blank(char c) {
    return white_space.find(c) != std::string_view::npos;
}

bool is_namespace(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_letter_or_digit(c) || std::string_view("._-").find(c) != std::string_view::npos;
    });
}

void refuse(const std::string& fault, const std::string& hint) {
    throw Error({.what = fault, .subject = "", .hint = hint});
}

} // namespace

} // namespace envpm::conda
