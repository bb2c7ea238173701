#include "conda/version_clause.h"

#include "base/ascii.h"
#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace envpm::conda {

namespace {

using Clause = VersionSpec::Clause;
using Relation = VersionSpec::Relation;

/// Above every key of a version.
constexpr std::string_view above_all_keys = "\xff\xff";

constexpr std::string_view operator_characters = "=<>!~";

/// The longest operators first. `=` is a beginning, `!=1.*` becomes `other_beginning` later.
constexpr std::array<std::pair<std::string_view, Relation>, 8> operators{{
    {"==", Relation::exact},
    {"!=", Relation::other},
    {"<=", Relation::less_or_equal},
    {">=", Relation::more_or_equal},
    {"~=", Relation::compatible},
    {"=", Relation::beginning},
    {"<", Relation::less},
    {">", Relation::more},
}};

Clause parse_relation(std::string_view text, Form form);
Clause parse_star(Clause clause, std::string_view text, Form form);
bool takes_star(Relation relation, bool is_alone, Form form);
Clause with_range(Clause clause, Form form);
bool is_equality(Relation relation);
VersionRange range_of(const Clause& clause);
[[noreturn]] void refuse(const std::string& fault, const std::string& hint = "");

} // namespace

Clause parse_clause(std::string_view text, Form form) {
    if (text.empty()) {
        refuse("a version is missing");
    }
    const bool is_regex = text.starts_with('^') || text.ends_with('$');
    if (is_regex && (!text.starts_with('^') || !text.ends_with('$') || text.size() < 2)) {
        refuse(fmt::format("`{}` would be a regular expression, which begins with `^` and ends "
                           "with `$`",
                           text));
    }
    if (is_regex) {
        return {.relation = Relation::text, .pattern = StringMatch::parse(text)};
    }
    if (operator_characters.find(text.front()) != std::string_view::npos) {
        return parse_relation(text, form);
    }
    const std::string_view body = text.substr(0, text.find_last_not_of('*') + 1);
    if (body.empty()) {
        return {};
    }
    if (body.find('*') != std::string_view::npos) {
        const bool is_odd = std::any_of(text.begin(), text.end(), [](char c) {
            return !is_letter_or_digit(c) &&
                   std::string_view("._-+!*").find(c) == std::string::npos;
        });
        if (is_odd) {
            refuse(fmt::format("`{}` is no version", text));
        }
        return {.relation = Relation::text, .pattern = StringMatch::parse(text)};
    }
    Clause clause{.operand = std::string(body)};
    clause.relation = body.size() == text.size() ? Relation::exact : Relation::beginning;
    if (clause.relation == Relation::beginning && body.ends_with('.')) {
        clause.operand.pop_back();
    }
    clause.range = range_of(clause);
    return clause;
}

bool holds(const Clause& clause, const Version& version) {
    switch (clause.relation) {
    case Relation::any:
        return true;
    case Relation::text:
        return clause.pattern->matches(version.text());
    case Relation::other:
    case Relation::other_beginning:
        return !clause.range.contains(version.key());
    default:
        return clause.range.contains(version.key());
    }
}

std::string text_of(const Clause& clause) {
    switch (clause.relation) {
    case Relation::any:
        return "*";
    case Relation::text:
        return clause.pattern->text();
    case Relation::beginning:
        return clause.operand + ".*";
    case Relation::other_beginning:
        return fmt::format("!={}.*", clause.operand);
    default:
        break;
    }
    for (const auto& [op, relation] : operators) {
        if (relation == clause.relation) {
            return fmt::format("{}{}", op, clause.operand);
        }
    }
    return {};
}

namespace {

/// An operator and what follows it.
Clause parse_relation(std::string_view text, Form form) {
    const std::string_view op = text.substr(0, text.find_first_not_of(operator_characters));
    const auto known = std::find_if(operators.begin(), operators.end(),
                                    [op](const auto& entry) { return entry.first == op; });
    if (known == operators.end()) {
        refuse(fmt::format("there is no operator `{}`", op), op == "===" ? "write `==`" : "");
    }
    const std::string_view operand = trimmed(text.substr(op.size()));
    if (operand.empty()) {
        refuse(fmt::format("a version is missing behind `{}`", op));
    }
    Clause clause{.relation = known->second, .operand = std::string(operand)};
    if (operand.find('*') != std::string_view::npos) {
        return parse_star(std::move(clause), text, form);
    }
    return with_range(std::move(clause), form);
}

/// An operator before `1.2.*` or `1.2*`. CEP 29 leaves them out but for `=`, `==` and `!=`; conda
/// and rattler leave the star off.
Clause parse_star(Clause clause, std::string_view text, Form form) {
    std::string body = clause.operand.substr(0, clause.operand.find_last_not_of('*') + 1);
    if (body.find('*') != std::string::npos) {
        refuse(fmt::format("`{}` has an operator and a `*` within", text));
    }
    if (body.size() > 1 && body.ends_with('.')) { // `=.*` has no version
        body.pop_back();
    }
    if (!takes_star(clause.relation, body.empty(), form)) {
        const std::string_view op = text.substr(0, text.find_first_not_of(operator_characters));
        refuse(fmt::format("`{}` has a `*` behind an operator that takes none", text),
               body.empty() ? "" : fmt::format("write `{}{}`", op, body));
    }
    if (body.empty()) {
        return {};
    }
    clause.operand = std::move(body);
    if (is_equality(clause.relation)) {
        clause.relation = Relation::beginning;
    } else if (clause.relation == Relation::other) {
        clause.relation = Relation::other_beginning;
    }
    return with_range(std::move(clause), form);
}

/// `~=1` has no segment to leave off: old specs mean `>=1`.
Clause with_range(Clause clause, Form form) {
    const bool is_lone = form == Form::lenient && clause.relation == Relation::compatible &&
                         version_key(clause.operand) && !versions_compatible_with(clause.operand);
    if (is_lone) {
        clause.relation = Relation::more_or_equal;
    }
    clause.range = range_of(clause);
    return clause;
}

/// `=*` is any version; so is `>=*`, which old specs have.
bool takes_star(Relation relation, bool is_alone, Form form) {
    if (is_equality(relation)) {
        return true;
    }
    if (is_alone) {
        return form == Form::lenient && relation == Relation::more_or_equal;
    }
    return form == Form::lenient || relation == Relation::other;
}

bool is_equality(Relation relation) {
    return relation == Relation::exact || relation == Relation::beginning;
}

/// The keys that the relation means; of an exclusion, those that it excludes.
VersionRange range_of(const Clause& clause) {
    const std::string_view operand = clause.operand;
    const std::optional<VersionKey> key = version_key(operand);
    if (!key) {
        refuse(fmt::format("`{}` is no version", operand));
    }
    const std::string lowest;
    const std::string highest(above_all_keys);
    const std::string just_above = *key + '\0';
    switch (clause.relation) {
    case Relation::exact:
    case Relation::other:
        return {*key, just_above};
    case Relation::less:
        return {lowest, *key};
    case Relation::less_or_equal:
        return {lowest, just_above};
    case Relation::more:
        return {just_above, highest};
    case Relation::more_or_equal:
        return {*key, highest};
    case Relation::compatible:
        if (const std::optional<VersionRange> range = versions_compatible_with(operand)) {
            return *range;
        }
        refuse(fmt::format("`~=` needs a version of two segments, which `{}` is not", operand),
               fmt::format("write `>={}`", operand));
    default:
        return *versions_starting_with(operand);
    }
}

void refuse(const std::string& fault, const std::string& hint) {
    throw Error({.what = fault, .subject = "", .hint = hint});
}

} // namespace

} // namespace envpm::conda
