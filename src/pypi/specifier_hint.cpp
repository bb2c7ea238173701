#include "pypi/specifier_hint.h"

#include "pypi/version_segments.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace envpm::pypi {

namespace {

constexpr std::string_view general_hint =
    "write an operator and a version, such as `>=1.2, <2`, or `*` for any version";

/// Operators that other tools or slips of the finger have, in PEP 440's words; empty for others.
std::string_view meant_operator(std::string_view op);

std::string caret_hint(const VersionSegments& version);
std::string tilde_hint(const VersionSegments& version);
std::string wildcard_hint(std::string_view op, const VersionSegments& version);

} // namespace

std::string specifier_hint(std::string_view op, std::string_view operand) {
    if (operand.empty()) {
        return fmt::format("write a version behind `{}`", op);
    }
    if (operand == "*") {
        return "write `*` alone for any version";
    }
    const bool is_wildcard = operand.ends_with(".*");
    const std::optional<VersionSegments> version =
        VersionSegments::parse(is_wildcard ? operand.substr(0, operand.size() - 2) : operand);
    if (!version) {
        return std::string(general_hint);
    }
    if (op.empty()) {
        return fmt::format("write `=={}`{}", operand,
                           is_wildcard ? "" : " for exactly that version");
    }
    if (op == "^") {
        return caret_hint(*version);
    }
    if (op == "~") {
        return tilde_hint(*version);
    }
    if (!meant_operator(op).empty()) {
        return fmt::format("write `{}{}`", meant_operator(op), operand);
    }
    if (is_wildcard) {
        return wildcard_hint(op, *version);
    }
    if (!version->local.empty()) {
        return fmt::format("only `==` and `!=` take a local version: write `{}{}`", op,
                           version->public_text());
    }
    if (op == "~=") {
        return fmt::format("`~=` needs two numbers at least: write `=={}.*`",
                           fmt::join(version->release, "."));
    }
    return std::string(general_hint);
}

namespace {

std::string_view meant_operator(std::string_view op) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> meant{{
        {"=", "=="},
        {"=>", ">="},
        {"=<", "<="},
        {"<>", "!="},
        {"!", "!="},
        {"!==", "!="},
        {"=~", "~="},
    }};
    const auto* const found =
        std::find_if(meant.begin(), meant.end(),
                     [op](const std::pair<std::string_view, std::string_view>& pair) {
                         return pair.first == op;
                     });
    return found == meant.end() ? std::string_view() : found->second;
}

std::string numbers(const std::vector<std::uint64_t>& release) {
    return fmt::format("{}", fmt::join(release, "."));
}

/// `^1.2` of other tools: up to the next change of the first number that is not 0.
std::string caret_hint(const VersionSegments& version) {
    std::vector<std::uint64_t> next = version.release;
    const auto significant = std::find_if(next.begin(), next.end() - 1,
                                          [](std::uint64_t number) { return number != 0; });
    ++*significant;
    next.erase(significant + 1, next.end());
    return fmt::format("write `>={}, <{}`", version.public_text(), numbers(next));
}

/// `~1.2.3` of other tools: the last number may grow; `~1.2` and `~1` mean a whole series.
std::string tilde_hint(const VersionSegments& version) {
    if (version.release.size() > 2) {
        return fmt::format("write `~={}`", version.public_text());
    }
    return fmt::format("write `=={}.*`", numbers(version.release));
}

std::string wildcard_hint(std::string_view op, const VersionSegments& version) {
    if (version.pre || version.post || version.dev || !version.local.empty()) {
        return fmt::format("`.*` goes behind plain numbers only: write `=={}.*`",
                           numbers(version.release));
    }
    if (op == ">=" || op == "<") {
        return fmt::format("write `{}{}`", op, version.public_text());
    }
    if (op == "~=") {
        return fmt::format("write `=={}.*`", version.public_text());
    }
    VersionSegments next = version;
    ++next.release.back();
    return fmt::format("write `{}{}`", op == ">" ? ">=" : "<", next.public_text());
}

} // namespace

} // namespace envpm::pypi
