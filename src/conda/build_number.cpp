#include "base/ascii.h"
#include "base/error.h"
#include "base/parse_number.h"
#include "conda/match_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace envpm::conda {

namespace {

using Relation = BuildNumberMatch::Relation;

/// The longest first; a number alone is as with `==`.
constexpr std::array<std::pair<std::string_view, Relation>, 8> operators{{
    {"==", Relation::equal},
    {"!=", Relation::other},
    {"<=", Relation::less_or_equal},
    {">=", Relation::more_or_equal},
    {"=", Relation::equal},
    {"<", Relation::less},
    {">", Relation::more},
    {"", Relation::equal},
}};

} // namespace

BuildNumberMatch BuildNumberMatch::parse(std::string_view text) {
    const std::string_view inner = trimmed(text);
    const auto* const op =
        std::find_if(operators.begin(), operators.end(),
                     [inner](const auto& entry) { return inner.starts_with(entry.first); });
    const std::string_view digits = trimmed(inner.substr(op->first.size()));
    const auto number = parse_number<std::uint64_t>(digits);
    if (!number) {
        throw Error({.what = fmt::format("`{}` is no build number", text),
                     .subject = "",
                     .hint = "write a number, or an operator and a number such as `>=3`"});
    }
    return {.relation = op->second, .number = *number};
}

bool BuildNumberMatch::matches(std::uint64_t build_number) const {
    switch (relation) {
    case Relation::equal:
        return build_number == number;
    case Relation::other:
        return build_number != number;
    case Relation::less:
        return build_number < number;
    case Relation::less_or_equal:
        return build_number <= number;
    case Relation::more:
        return build_number > number;
    case Relation::more_or_equal:
        return build_number >= number;
    }
    return false;
}

std::string BuildNumberMatch::text() const {
    const auto* const op =
        std::find_if(operators.begin(), operators.end(),
                     [this](const auto& entry) { return entry.second == relation; });
    return relation == Relation::equal ? std::to_string(number)
                                       : fmt::format("{}{}", op->first, number);
}

} // namespace envpm::conda
