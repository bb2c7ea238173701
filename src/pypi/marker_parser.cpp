#include "pypi/marker_parser.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/near_miss.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace envpm::pypi {

namespace {

constexpr int deepest_nesting = 100;
constexpr std::size_t longest_quote = 300;

/// What a name in a marker stands for; empty if it is no variable. Old metadata has other
/// spellings.
std::string_view variable_named(std::string_view name);
std::vector<std::string> variable_names();

/// Recursive descent, one function a rule of the grammar. The depth is bounded.
class Parser {
  public:
    explicit Parser(std::string_view text)
        : text_(text) {}

    Marker::Node parse();

  private:
    /// A variable's name or a quoted text.
    struct Operand {
        bool is_variable = false;
        std::string text;
        std::size_t place = 0;
    };

    Marker::Node alternatives(int depth);
    Marker::Node conjunction(int depth);
    Marker::Node atom(int depth);
    Marker::Node comparison();
    Operand operand();
    std::string_view quoted(char quote); ///< what follows, up to the closing quote
    std::string comparison_operator();

    void skip_white_space();
    std::string_view peek_word();
    bool take_word(std::string_view word);
    bool take(char c);

    [[noreturn]] void refuse(std::size_t place, const std::string& fault,
                             const std::string& hint = "") const;

    std::string_view text_;
    std::size_t place_ = 0;
};

void append(Marker::Node& parent, Marker::Node child);
MarkerComparison compare(std::string variable, std::string op, std::string literal);

} // namespace

Marker::Node parse_marker(std::string_view text) {
    return Parser(text).parse();
}

bool is_version_variable(std::string_view variable) {
    constexpr std::array<std::string_view, 4> variables{
        "implementation_version", "platform_release", "python_full_version", "python_version"};
    return std::find(variables.begin(), variables.end(), variable) != variables.end();
}

namespace {

Marker::Node Parser::parse() {
    Marker::Node node = alternatives(0);
    skip_white_space();
    if (place_ < text_.size()) {
        refuse(place_, "`and`, `or` or the end is missing");
    }
    return node;
}

Marker::Node Parser::alternatives(int depth) {
    Marker::Node first = conjunction(depth);
    if (peek_word() != "or") {
        return first;
    }
    Marker::Node node;
    node.kind = Marker::Node::Kind::any_of;
    append(node, std::move(first));
    while (take_word("or")) {
        append(node, conjunction(depth));
    }
    return node;
}

Marker::Node Parser::conjunction(int depth) {
    Marker::Node first = atom(depth);
    if (peek_word() != "and") {
        return first;
    }
    Marker::Node node;
    node.kind = Marker::Node::Kind::all_of;
    append(node, std::move(first));
    while (take_word("and")) {
        append(node, atom(depth));
    }
    return node;
}

Marker::Node Parser::atom(int depth) {
    skip_white_space();
    const std::size_t start = place_;
    if (!take('(')) {
        return comparison();
    }
    if (depth == deepest_nesting) {
        refuse(start, "the parentheses are nested too deep");
    }
    Marker::Node node = alternatives(depth + 1);
    skip_white_space();
    if (!take(')')) {
        refuse(place_, "`)` is missing");
    }
    return node;
}

Marker::Node Parser::comparison() {
    const Operand left = operand();
    std::string op = comparison_operator();
    const Operand right = operand();
    if (left.is_variable == right.is_variable) {
        refuse(left.place,
               "a comparison needs a variable on one side and a quoted text on the other",
               "quote the text, as in `sys_platform == \"linux\"`");
    }
    Marker::Node node;
    node.comparison = left.is_variable ? compare(left.text, std::move(op), right.text)
                                       : compare(right.text, std::move(op), left.text);
    node.comparison.is_reversed = right.is_variable;
    const bool is_version = is_version_variable(node.comparison.variable);
    if (is_version && left.is_variable) {
        // Old metadata compares with `3.6.*`; as a text it would drop what is needed.
        node.comparison.specifier =
            SpecifierSet::of_clause(node.comparison.op, trimmed(right.text), Reading::old_metadata);
    }
    if (node.comparison.op == "~=" && !node.comparison.specifier &&
        !(is_version && right.is_variable)) {
        refuse(left.place, "`~=` compares versions only");
    }
    return node;
}

Parser::Operand Parser::operand() {
    skip_white_space();
    const std::size_t start = place_;
    if (take('"') || take('\'')) {
        return {false, std::string(quoted(text_[start])), start};
    }
    const std::string_view name = peek_word();
    if (name.empty()) {
        refuse(start, "a variable or a quoted text is missing");
    }
    const std::string_view variable = variable_named(name);
    if (variable.empty()) {
        const std::optional<std::string> meant = near_miss(name, variable_names());
        refuse(start, fmt::format("`{}` is no variable", name),
               meant ? fmt::format("did you mean `{}`?", *meant) : "");
    }
    place_ += name.size();
    return {true, std::string(variable), start};
}

std::string_view Parser::quoted(char quote) {
    const std::size_t start = place_;
    const std::size_t end = text_.find(quote, start);
    if (end == std::string_view::npos) {
        refuse(start - 1, "the closing quote is missing");
    }
    place_ = end + 1;
    return text_.substr(start, end - start);
}

std::string Parser::comparison_operator() {
    constexpr std::array<std::string_view, 8> operators{
        "===", "==", "~=", "!=", "<=", ">=", "<", ">"};
    skip_white_space();
    const std::size_t start = place_;
    if (take_word("in")) {
        return "in";
    }
    if (take_word("not")) {
        if (!take_word("in")) {
            refuse(place_, "`in` is missing behind `not`");
        }
        return "not in";
    }
    const std::array<std::string_view, 8>::const_iterator found =
        std::find_if(operators.begin(), operators.end(),
                     [this](std::string_view op) { return text_.substr(place_).starts_with(op); });
    if (found == operators.end()) {
        const bool is_assignment = text_.substr(place_).starts_with('=');
        refuse(start, "an operator is missing", is_assignment ? "write `==`" : "");
    }
    place_ += found->size();
    return std::string(*found);
}

void Parser::skip_white_space() {
    place_ = std::min(text_.find_first_not_of(white_space, place_), text_.size());
}

std::string_view Parser::peek_word() {
    constexpr std::string_view characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789_.";
    skip_white_space();
    return text_.substr(place_, text_.find_first_not_of(characters, place_) - place_);
}

bool Parser::take_word(std::string_view word) {
    if (peek_word() != word) {
        return false;
    }
    place_ += word.size();
    return true;
}

bool Parser::take(char c) {
    if (!text_.substr(place_).starts_with(c)) {
        return false;
    }
    ++place_;
    return true;
}

void Parser::refuse(std::size_t place, const std::string& fault, const std::string& hint) const {
    const std::string quote = text_.size() > longest_quote
                                  ? std::string(text_.substr(0, longest_quote)) + "…"
                                  : std::string(text_);
    throw Error({.what = fmt::format("`{}` is no environment marker: {} at column {}", quote, fault,
                                     place + 1),
                 .subject = "",
                 .hint = hint});
}

/// Keeps the tree flat: `a and (b and c)` is one node of three.
void append(Marker::Node& parent, Marker::Node child) {
    if (child.kind != parent.kind) {
        parent.children.push_back(std::move(child));
        return;
    }
    std::move(child.children.begin(), child.children.end(), std::back_inserter(parent.children));
}

MarkerComparison compare(std::string variable, std::string op, std::string literal) {
    if (variable == "extra") {
        const std::optional<PackageName> extra = PackageName::parse(literal);
        literal = extra ? extra->string() : literal;
    }
    MarkerComparison comparison;
    comparison.variable = std::move(variable);
    comparison.op = std::move(op);
    comparison.literal = std::move(literal);
    return comparison;
}

constexpr std::array<std::string_view, 12> variables{"extra",
                                                     "implementation_name",
                                                     "os_name",
                                                     "implementation_version",
                                                     "platform_machine",
                                                     "platform_python_implementation",
                                                     "platform_release",
                                                     "platform_system",
                                                     "platform_version",
                                                     "python_full_version",
                                                     "python_version",
                                                     "sys_platform"};

std::string_view variable_named(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> old_names{{
        {"os.name", "os_name"},
        {"sys.platform", "sys_platform"},
        {"platform.version", "platform_version"},
        {"platform.machine", "platform_machine"},
        {"platform.python_implementation", "platform_python_implementation"},
        {"python_implementation", "platform_python_implementation"},
    }};
    for (const std::pair<std::string_view, std::string_view>& old : old_names) {
        if (old.first == name) {
            return old.second;
        }
    }
    const bool is_known = std::find(variables.begin(), variables.end(), name) != variables.end();
    return is_known ? name : std::string_view();
}

std::vector<std::string> variable_names() {
    return {variables.begin(), variables.end()};
}

} // namespace

} // namespace envpm::pypi
