#include "lockfiles/canonical_text.h"

#include "base/ascii.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace envpm::lockfiles {

namespace {

using Members = TomlValue::Table;

/// Goes over the text line by line. Whatever is not as expected makes a step fail, and with it the
/// whole reading.
class Reader {
  public:
    Reader(std::string_view text, const std::string& file)
        : text_(text),
          file_(file),
          targets_{Members(), place(1)},
          packages_{TomlValue::Array(), place(1)} {}

    std::optional<TomlValue> run();

  private:
    enum class Part { root, target, package };

    [[nodiscard]] SourceLocation place(std::size_t column) const {
        return {file_, line_, static_cast<int>(column)};
    }

    [[nodiscard]] std::size_t column() const { return at_ - line_begin_ + 1; }

    bool take(std::string_view expected);
    bool take_line_break();
    bool read_line();
    bool read_target();
    bool read_package();
    bool read_member();
    bool read_value(TomlValue& value);
    bool read_string(TomlValue& value);
    bool read_number(TomlValue& value);
    bool read_list(TomlValue& value);
    std::string_view take_word(std::string_view more);
    Members& open_table();

    std::string_view text_;
    const std::string& file_;
    std::size_t at_ = 0;
    std::size_t line_begin_ = 0;
    int line_ = 1;
    Part part_ = Part::root;
    Members root_;
    TomlValue targets_;
    TomlValue packages_;
    SourceLocation targets_key_;
    SourceLocation packages_key_;
};

bool has(const Members& members, std::string_view name);

} // namespace

std::optional<TomlValue> read_canonical_text(std::string_view text, const std::string& file) {
    return Reader(text, file).run();
}

namespace {

std::optional<TomlValue> Reader::run() {
    while (at_ < text_.size()) {
        if (!read_line()) {
            return std::nullopt;
        }
    }
    if (targets_key_.line > 0) {
        root_.push_back({"target", targets_key_, std::move(targets_)});
    }
    if (packages_key_.line > 0) {
        root_.push_back({"package", packages_key_, std::move(packages_)});
    }
    return TomlValue{std::move(root_), {file_, 1, 1}};
}

bool Reader::take(std::string_view expected) {
    const bool is_there = text_.substr(at_, expected.size()) == expected;
    at_ += is_there ? expected.size() : 0;
    return is_there;
}

bool Reader::take_line_break() {
    if (!take("\n")) {
        return false;
    }
    ++line_;
    line_begin_ = at_;
    return true;
}

bool Reader::read_line() {
    if (take_line_break()) {
        return true;
    }
    if (take("[target.")) {
        return read_target();
    }
    return take("[[package]]") ? read_package() : read_member();
}

/// All targets stand before all packages, as `to_text` writes them.
bool Reader::read_target() {
    if (part_ == Part::package) {
        return false;
    }
    if (part_ == Part::root) {
        targets_key_ = place(2);
        targets_.location = place(1);
    }
    part_ = Part::target;
    const SourceLocation key = place(column());
    const bool is_quoted = take("\"");
    const std::string_view name = take_word(is_quoted ? "_-." : "_-");
    Members& targets = *std::get_if<Members>(&targets_.value);
    if (name.empty() || (is_quoted && !take("\"")) || !take("]") || has(targets, name)) {
        return false;
    }
    targets.push_back({std::string(name), key, {Members(), place(1)}});
    return take_line_break();
}

bool Reader::read_package() {
    if (part_ != Part::package) {
        packages_key_ = place(3);
        packages_.location = place(1);
    }
    part_ = Part::package;
    std::get_if<TomlValue::Array>(&packages_.value)->push_back({Members(), place(1)});
    return take_line_break();
}

bool Reader::read_member() {
    const SourceLocation key = place(column());
    const std::string_view name = take_word("-");
    Members& table = open_table();
    const bool is_reserved = part_ == Part::root && (name == "target" || name == "package");
    if (name.empty() || is_reserved || has(table, name) || !take(" = ")) {
        return false;
    }
    table.push_back({std::string(name), key, {false, place(column())}});
    return read_value(table.back().value) && take_line_break();
}

bool Reader::read_value(TomlValue& value) {
    const char first = at_ < text_.size() ? text_[at_] : '\0';
    if (first == '"') {
        return read_string(value);
    }
    if (first == '[') {
        return read_list(value);
    }
    if (take("true")) {
        value.value = true;
        return true;
    }
    return read_number(value);
}

/// One line of printable ASCII without escapes.
bool Reader::read_string(TomlValue& value) {
    if (!take("\"")) {
        return false;
    }
    const std::size_t end = text_.find('"', at_);
    if (end == std::string_view::npos) {
        return false;
    }
    const std::string_view content = text_.substr(at_, end - at_);
    const bool is_plain = std::all_of(content.begin(), content.end(),
                                      [](char c) { return c >= ' ' && c <= '~' && c != '\\'; });
    // Two quotes and a third begin another kind of string.
    if (!is_plain || (content.empty() && text_.substr(end + 1, 1) == "\"")) {
        return false;
    }
    value.value = std::string(content);
    at_ = end + 1;
    return true;
}

bool Reader::read_number(TomlValue& value) {
    const std::string_view digits =
        text_.substr(at_, text_.find_first_not_of("0123456789", at_) - at_);
    std::int64_t number = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (read.ec != std::errc() || (digits.front() == '0' && digits.size() > 1)) {
        return false;
    }
    at_ += digits.size();
    value.value = number;
    return true;
}

/// `["a", "b"]`, or one item a line with a comma after each.
bool Reader::read_list(TomlValue& value) {
    TomlValue::Array items;
    take("[");
    const bool is_long = take_line_break();
    while (!take("]")) {
        if (is_long ? !take("    ") : !items.empty() && !take(", ")) {
            return false;
        }
        items.push_back({false, place(column())});
        if (!read_string(items.back()) || (is_long && !(take(",") && take_line_break()))) {
            return false;
        }
    }
    value.value = std::move(items);
    return true;
}

/// Letters and digits of ASCII and what `more` has; may be empty.
std::string_view Reader::take_word(std::string_view more) {
    const std::size_t begin = at_;
    while (at_ < text_.size() &&
           (is_letter_or_digit(text_[at_]) || more.find(text_[at_]) != std::string_view::npos)) {
        ++at_;
    }
    return text_.substr(begin, at_ - begin);
}

Members& Reader::open_table() {
    if (part_ == Part::target) {
        return *std::get_if<Members>(&std::get_if<Members>(&targets_.value)->back().value.value);
    }
    if (part_ == Part::package) {
        return *std::get_if<Members>(
            &std::get_if<TomlValue::Array>(&packages_.value)->back().value);
    }
    return root_;
}

bool has(const Members& members, std::string_view name) {
    return std::any_of(members.begin(), members.end(),
                       [&](const TomlValue::Member& member) { return member.name == name; });
}

} // namespace

} // namespace envpm::lockfiles
