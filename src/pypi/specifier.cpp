#include "pypi/specifier.h"

#include "base/ascii.h"
#include "base/error.h"
#include "pypi/specifier_hint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

namespace envpm::pypi {

namespace {

constexpr std::string_view operator_characters = "<>=!~^";

bool is_operator(std::string_view op);

/// One clause cut out of a list, not yet understood.
struct RawClause {
    std::string_view op;
    std::string_view operand;
};

/// The clause that `rest` begins with, taken off it; nothing if only separators are left.
std::optional<RawClause> take_clause(std::string_view& rest);

bool is_epoch(std::string_view text, std::size_t length);

/// What follows an operator other than `===`.
struct Operand {
    VersionSegments version;
    bool is_wildcard = false;
};

/// Nothing if PEP 440 does not allow it behind that operator.
std::optional<Operand> read_operand(std::string_view op, std::string_view text, Reading reading);

/// From `low` to just before `high`.
struct Range {
    VersionKey low;
    VersionKey high;
};

Range range_of(std::string_view op, const VersionSegments& version);
Range series_of(const VersionSegments& version);
[[noreturn]] void refuse(std::string_view op, std::string_view operand);

} // namespace

SpecifierSet SpecifierSet::parse(std::string_view text, Reading reading) {
    SpecifierSet set;
    const std::size_t star = text.find('*');
    if (star != std::string_view::npos && text.find_first_not_of(white_space) == star &&
        text.find_last_not_of(white_space) == star) {
        return set;
    }
    while (const std::optional<RawClause> raw = take_clause(text)) {
        std::optional<Clause> clause = read_clause(raw->op, raw->operand, reading);
        if (!clause) {
            refuse(raw->op, raw->operand);
        }
        set.clauses_.push_back(std::move(*clause));
    }
    std::sort(set.clauses_.begin(), set.clauses_.end(), [](const Clause& a, const Clause& b) {
        return std::tie(a.op, a.operand) < std::tie(b.op, b.operand);
    });
    set.clauses_.erase(std::unique(set.clauses_.begin(), set.clauses_.end()), set.clauses_.end());
    return set;
}

SpecifierSet SpecifierSet::of_requires_python(std::string_view text) {
    try {
        return parse(text, Reading::old_metadata);
    } catch (const Error&) { // an outcome here
        return {};
    }
}

std::optional<SpecifierSet> SpecifierSet::of_clause(std::string_view op, std::string_view operand,
                                                    Reading reading) {
    std::optional<Clause> clause = read_clause(op, operand, reading);
    if (!clause) {
        return std::nullopt;
    }
    SpecifierSet set;
    set.clauses_.push_back(std::move(*clause));
    return set;
}

bool SpecifierSet::contains(const Version& version) const {
    return std::all_of(clauses_.begin(), clauses_.end(),
                       [&version](const Clause& clause) { return holds(clause, version); });
}

bool SpecifierSet::names_prerelease() const {
    return std::any_of(clauses_.begin(), clauses_.end(),
                       [](const Clause& clause) { return clause.names_prerelease; });
}

bool SpecifierSet::is_pin() const {
    return std::any_of(clauses_.begin(), clauses_.end(), [](const Clause& clause) {
        return clause.op == "===" || (clause.op == "==" && !clause.operand.ends_with(".*"));
    });
}

std::string SpecifierSet::text() const {
    std::string text;
    for (const Clause& clause : clauses_) {
        text += fmt::format("{}{}{}", text.empty() ? "" : ", ", clause.op, clause.operand);
    }
    return text;
}

std::optional<SpecifierSet::Clause>
SpecifierSet::read_clause(std::string_view op, std::string_view operand, Reading reading) {
    if (!is_operator(op) || operand.empty()) {
        return std::nullopt;
    }
    Clause clause;
    clause.op = op;
    if (op == "===") {
        // No version begins so, or has an end of a requirement in it: they could not be told apart.
        if (operator_characters.find(operand.front()) != std::string_view::npos ||
            operand.find_first_of(";)") != std::string_view::npos) {
            return std::nullopt;
        }
        const std::optional<Version> version = Version::parse(operand);
        clause.names_prerelease = version && version->is_prerelease();
        clause.operand = ascii_lower(operand);
        return clause;
    }
    const std::optional<Operand> read = read_operand(op, operand, reading);
    if (!read) {
        return std::nullopt;
    }
    const VersionSegments& version = read->version;
    Range range = read->is_wildcard ? series_of(version) : range_of(op, version);
    clause.low = std::move(range.low);
    clause.high = std::move(range.high);
    clause.names_prerelease = op != "!=" && (version.pre || version.dev);
    clause.operand =
        fmt::format("{}{}{}{}", version.public_text(), version.local.empty() ? "" : "+",
                    version.local_text(), read->is_wildcard ? ".*" : "");
    return clause;
}

bool SpecifierSet::holds(const Clause& clause, const Version& version) {
    if (clause.op == "===") {
        return clause.operand == version.text();
    }
    const bool is_within = clause.low <= version.key_ && version.key_ < clause.high;
    return is_within != (clause.op == "!=");
}

namespace {

bool is_operator(std::string_view op) {
    constexpr std::array<std::string_view, 8> operators{
        "===", "==", "!=", "<=", ">=", "~=", "<", ">"};
    return std::find(operators.begin(), operators.end(), op) != operators.end();
}

std::optional<RawClause> take_clause(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(", \t\n\r\f\v"), rest.size()));
    if (rest.empty()) {
        return std::nullopt;
    }
    RawClause clause;
    clause.op = rest.substr(0, rest.find_first_not_of(operator_characters));
    rest.remove_prefix(clause.op.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(white_space), rest.size()));
    // `===` takes anything; behind the others the next operator begins the next clause.
    const std::string_view ends = clause.op == "===" ? ", \t\n\r\f\v" : ", \t\n\r\f\v<>=!~^";
    std::size_t length = std::min(rest.find_first_of(ends), rest.size());
    if (is_epoch(rest, length)) {
        length = std::min(rest.find_first_of(ends, length + 1), rest.size());
    }
    clause.operand = rest.substr(0, length);
    rest.remove_prefix(length);
    return clause;
}

/// In `1!2.0` the `!` belongs to the version, in `>1!=2` it does not.
bool is_epoch(std::string_view text, std::size_t length) {
    constexpr std::string_view digits = "0123456789";
    return length > 0 && length + 1 < text.size() && text[length] == '!' &&
           digits.find(text[length + 1]) != std::string_view::npos &&
           text.find_first_not_of("vV0123456789") == length;
}

std::optional<Operand> read_operand(std::string_view op, std::string_view text, Reading reading) {
    const bool has_star = text.ends_with(".*");
    const std::string_view body = has_star ? text.substr(0, text.size() - 2) : text;
    if (has_star && trimmed(body) != body) { // `VersionSegments::parse` would take `1.0 .*`
        return std::nullopt;
    }
    const std::optional<VersionSegments> version = VersionSegments::parse(body);
    const bool is_equality = op == "==" || op == "!=";
    if (!version || (!version->local.empty() && !is_equality) ||
        (op == "~=" && version->release.size() < 2)) {
        return std::nullopt;
    }
    if (!has_star) {
        return Operand{*version, false};
    }
    if (version->pre || version->post || version->dev || !version->local.empty()) {
        return std::nullopt;
    }
    const bool is_old_form = reading == Reading::old_metadata && (op == ">=" || op == "<");
    return is_equality || is_old_form ? std::optional(Operand{*version, is_equality})
                                      : std::nullopt;
}

VersionSegments first_of(const VersionSegments& version) {
    VersionSegments first = version;
    first.dev = 0;
    first.local.clear();
    return first;
}

VersionSegments without_last_number(const VersionSegments& version) {
    VersionSegments prefix;
    prefix.epoch = version.epoch;
    prefix.release.assign(version.release.begin(), version.release.end() - 1);
    return prefix;
}

/// The versions that begin with the numbers of this one: `1.2.*`.
Range series_of(const VersionSegments& version) {
    VersionSegments prefix;
    prefix.epoch = version.epoch;
    prefix.release = version.release;
    VersionKey low = key_of(first_of(prefix));
    ++prefix.release.back();
    return {std::move(low), key_of(first_of(prefix))};
}

/// `>`: local versions and post-releases of the same version are not above it.
VersionKey first_above(VersionSegments version) {
    version.local.clear();
    if (version.dev) {
        ++*version.dev;
        return key_of(version);
    }
    if (version.post) {
        ++*version.post;
        return key_of(first_of(version));
    }
    return key_above_posts(version);
}

/// `<`: pre-releases of the same version are not below it, unless it is one itself.
VersionKey first_not_below(const VersionSegments& version) {
    return key_of(version.pre || version.dev ? version : first_of(version));
}

Range range_of(std::string_view op, const VersionSegments& version) {
    if (op == ">=") {
        return {key_of(version), key_above_everything()};
    }
    if (op == ">") {
        return {first_above(version), key_above_everything()};
    }
    if (op == "<=") {
        return {{}, key_above_locals(version)};
    }
    if (op == "<") {
        return {{}, first_not_below(version)};
    }
    if (op == "~=") {
        return {key_of(version), series_of(without_last_number(version)).high};
    }
    // `==1.0` and `!=1.0` mean its local versions too, `==1.0+cu128` that one alone.
    return {key_of(version),
            version.local.empty() ? key_above_locals(version) : key_just_above(version)};
}

void refuse(std::string_view op, std::string_view operand) {
    throw Error({.what = fmt::format("`{}{}` is no version specifier", op, operand),
                 .subject = "",
                 .hint = specifier_hint(op, operand)});
}

} // namespace

} // namespace envpm::pypi
