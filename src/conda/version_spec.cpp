#include "conda/version_spec.h"

#include "base/ascii.h"
#include "base/error.h"
#include "conda/version_clause.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

namespace envpm::conda {

namespace {

using Node = VersionSpec::Node;
using Nodes = std::vector<Node>;
using Kind = Node::Kind;

constexpr std::size_t longest_spec = 4096;
constexpr std::size_t longest_quote = 200;
constexpr int most_parentheses = 20; ///< one in the other

/// Reads a spec from left to right; each function gives the tree of what it has read.
class Parser {
  public:
    Parser(std::string_view text, Form form)
        : text_(text),
          rest_(text),
          form_(form) {}

    Nodes parse();

  private:
    Nodes alternatives();
    Nodes conjunction();
    Nodes operand();
    Node clause();

    [[nodiscard]] bool take(char c);
    std::string_view take_clause();
    [[noreturn]] void refuse(const std::string& fault, std::string_view place,
                             const std::string& hint = "") const;

    std::string_view text_;
    std::string_view rest_;
    Form form_;
    int parentheses_ = 0;
};

void append(Nodes& joined, Kind kind, Nodes more);
bool holds(std::span<const Node> nodes, const Version& version);
std::string text_of(std::span<const Node> nodes, Kind parent);

} // namespace

VersionSpec VersionSpec::parse(std::string_view text, Form form) {
    VersionSpec spec;
    spec.nodes_ = Parser(text, form).parse();
    return spec;
}

bool VersionSpec::matches(const Version& version) const {
    return holds(nodes_, version);
}

bool VersionSpec::is_any() const {
    return nodes_.size() == 1 && nodes_.front().clause.relation == Relation::any;
}

const std::string* VersionSpec::exact() const {
    const bool is_exact = nodes_.size() == 1 && nodes_.front().clause.relation == Relation::exact;
    return is_exact ? &nodes_.front().clause.operand : nullptr;
}

const std::string* VersionSpec::beginning() const {
    const bool is_beginning =
        nodes_.size() == 1 && nodes_.front().clause.relation == Relation::beginning;
    return is_beginning ? &nodes_.front().clause.operand : nullptr;
}

std::string VersionSpec::text() const {
    return text_of(nodes_, Kind::one_of);
}

namespace {

Nodes Parser::parse() {
    if (text_.size() > longest_spec) {
        refuse("it is too long", text_);
    }
    Nodes nodes = alternatives();
    if (!rest_.empty()) {
        refuse("a `)` has no `(`", rest_);
    }
    return nodes;
}

Nodes Parser::alternatives() {
    Nodes nodes = conjunction();
    while (take('|')) {
        append(nodes, Kind::one_of, conjunction());
    }
    return nodes;
}

Nodes Parser::conjunction() {
    Nodes nodes = operand();
    while (take(',')) {
        append(nodes, Kind::all_of, operand());
    }
    return nodes;
}

Nodes Parser::operand() {
    const std::string_view place = rest_;
    if (!take('(')) {
        return {clause()};
    }
    if (++parentheses_ > most_parentheses) {
        refuse("it has too many parentheses in one another", place);
    }
    Nodes nodes = alternatives();
    if (!take(')')) {
        refuse("a `)` is missing", rest_);
    }
    --parentheses_;
    rest_ = trimmed(rest_);
    if (!rest_.empty() && std::string_view("|,)").find(rest_.front()) == std::string_view::npos) {
        refuse("`,` or `|` is missing", rest_);
    }
    return nodes;
}

Node Parser::clause() {
    const std::string_view place = trimmed(rest_);
    const std::string_view clause = trimmed(take_clause());
    try {
        return {.clause = parse_clause(clause, form_)};
    } catch (const Error& error) {
        const std::size_t version = clause.find_first_not_of("<>=!~ \t");
        const bool are_two = version != std::string_view::npos &&
                             clause.find_first_of("<>=~", version) != std::string_view::npos;
        refuse(error.text().what, place,
               are_two ? "a `,` stands between two conditions, as in `>=1.2,<2`"
                       : error.text().hint);
    }
}

/// Up to the next sign; a regular expression up to its `$`, whatever it holds.
std::string_view Parser::take_clause() {
    rest_ = trimmed(rest_);
    std::size_t end = rest_.find_first_of("|,()");
    if (rest_.starts_with('^') && rest_.find('$') != std::string_view::npos) {
        end = rest_.find_first_of("|,()", rest_.find('$'));
    }
    const std::string_view clause = rest_.substr(0, end);
    rest_.remove_prefix(clause.size());
    if (rest_.starts_with('(')) {
        refuse("`,` or `|` is missing", rest_);
    }
    return clause;
}

bool Parser::take(char c) {
    rest_ = trimmed(rest_);
    if (!rest_.starts_with(c)) {
        return false;
    }
    rest_.remove_prefix(1);
    return true;
}

/// `place` is a part of the text.
void Parser::refuse(const std::string& fault, std::string_view place,
                    const std::string& hint) const {
    const std::size_t column = static_cast<std::size_t>(place.data() - text_.data()) + 1;
    const std::string where =
        text_.empty() || column == 1 ? "" : fmt::format(" (column {})", column);
    const bool is_long = text_.size() > longest_quote;
    throw Error(
        {.what = fmt::format("`{}{}` is no version spec: {}{}", text_.substr(0, longest_quote),
                             is_long ? "…" : "", fault, where),
         .subject = "",
         .hint = hint});
}

/// Makes `joined` and `more` one node. A join of the same kind takes in what both join, so that
/// parentheses that make no difference leave no trace.
void append(Nodes& joined, Kind kind, Nodes more) {
    if (joined.front().kind != kind) {
        joined.insert(joined.begin(), Node{.kind = kind});
    }
    if (more.front().kind == kind) {
        more.erase(more.begin());
    }
    joined.insert(joined.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
    joined.front().size = static_cast<std::uint32_t>(joined.size());
}

bool holds(std::span<const Node> nodes, const Version& version) {
    const Node& node = nodes.front();
    if (node.kind == Kind::clause) {
        return holds(node.clause, version);
    }
    const bool decides = node.kind == Kind::one_of;
    for (std::size_t i = 1; i < node.size; i += nodes[i].size) {
        if (holds(nodes.subspan(i), version) == decides) {
            return decides;
        }
    }
    return !decides;
}

std::string text_of(std::span<const Node> nodes, Kind parent) {
    const Node& node = nodes.front();
    if (node.kind == Kind::clause) {
        return text_of(node.clause);
    }
    const bool needs_parentheses = node.kind == Kind::one_of && parent == Kind::all_of;
    std::string text = needs_parentheses ? "(" : "";
    for (std::size_t i = 1; i < node.size; i += nodes[i].size) {
        if (i > 1) {
            text += node.kind == Kind::one_of ? '|' : ',';
        }
        text += text_of(nodes.subspan(i), node.kind);
    }
    return text + (needs_parentheses ? ")" : "");
}

} // namespace

} // namespace envpm::conda
