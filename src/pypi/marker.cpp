#include "pypi/marker.h"

#include "pypi/marker_node.h"
#include "pypi/marker_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace envpm::pypi {

namespace {

bool holds(const Marker::Node& node, const MarkerEnvironment& environment,
           const std::vector<PackageName>& extras);
bool comparison_holds(const MarkerComparison& comparison, const std::string& value);
bool extra_holds(const MarkerComparison& comparison, const std::vector<PackageName>& extras);
bool version_holds(std::string_view version, const SpecifierSet& specifier);
bool text_holds(std::string_view left, std::string_view op, std::string_view right);
bool has_extra(const Marker::Node& node);
std::string text_of(const Marker::Node& node);
std::string text_of(const MarkerComparison& comparison);

} // namespace

MarkerEnvironment marker_environment(const Target& target, const PythonAbi& abi,
                                     const std::string& python_version) {
    const bool is_cpython = abi.implementation == "cpython";
    // A Python built from a checkout calls itself "3.13.0+", which is no version.
    const std::string full_version =
        python_version + (python_version.ends_with('+') ? "local" : "");
    return {
        {"implementation_name", abi.implementation},
        {"implementation_version", full_version},
        {"os_name", "posix"},
        {"platform_machine", std::string(machine_of(target.platform))},
        {"platform_python_implementation", is_cpython ? "CPython" : abi.implementation},
        {"platform_release", ""},
        {"platform_system", "Linux"},
        {"platform_version", ""},
        {"python_full_version", full_version},
        {"python_version", abi.feature_version()},
        {"sys_platform", "linux"},
    };
}

Marker Marker::parse(std::string_view text) {
    Marker marker;
    marker.root_ = std::make_shared<const Node>(parse_marker(text));
    return marker;
}

bool Marker::evaluate(const MarkerEnvironment& environment,
                      const std::vector<PackageName>& extras) const {
    return !root_ || holds(*root_, environment, extras);
}

bool Marker::names_extra() const {
    return root_ && has_extra(*root_);
}

std::string Marker::text() const {
    return root_ ? text_of(*root_) : "";
}

namespace {

bool holds(const Marker::Node& node, const MarkerEnvironment& environment,
           const std::vector<PackageName>& extras) {
    const auto child_holds = [&environment, &extras](const Marker::Node& child) {
        return holds(child, environment, extras);
    };
    if (node.kind == Marker::Node::Kind::all_of) {
        return std::all_of(node.children.begin(), node.children.end(), child_holds);
    }
    if (node.kind == Marker::Node::Kind::any_of) {
        return std::any_of(node.children.begin(), node.children.end(), child_holds);
    }
    if (node.comparison.variable == "extra") {
        return extra_holds(node.comparison, extras);
    }
    const MarkerEnvironment::const_iterator found = environment.find(node.comparison.variable);
    return comparison_holds(node.comparison, found == environment.end() ? "" : found->second);
}

bool comparison_holds(const MarkerComparison& comparison, const std::string& value) {
    if (comparison.specifier) {
        return version_holds(value, *comparison.specifier);
    }
    if (!comparison.is_reversed) {
        return text_holds(value, comparison.op, comparison.literal);
    }
    if (is_version_variable(comparison.variable)) {
        const std::optional<SpecifierSet> specifier = SpecifierSet::of_clause(comparison.op, value);
        if (specifier) {
            return version_holds(comparison.literal, *specifier);
        }
    }
    return text_holds(comparison.literal, comparison.op, value);
}

/// `extra` stands for a set: it equals each of its members, or the empty text if it has none.
bool extra_holds(const MarkerComparison& comparison, const std::vector<PackageName>& extras) {
    const bool is_negated = comparison.op == "!=" || comparison.op == "not in";
    std::string_view op = comparison.op;
    if (is_negated) {
        op = op == "!=" ? "==" : "in";
    }
    const auto meets = [&comparison, op](std::string_view extra) {
        return comparison.is_reversed ? text_holds(comparison.literal, op, extra)
                                      : text_holds(extra, op, comparison.literal);
    };
    const bool is_met =
        extras.empty()
            ? meets("")
            : std::any_of(extras.begin(), extras.end(),
                          [&meets](const PackageName& extra) { return meets(extra.string()); });
    return is_met != is_negated;
}

bool version_holds(std::string_view version, const SpecifierSet& specifier) {
    const std::optional<Version> parsed = Version::parse(version);
    return parsed && specifier.contains(*parsed);
}

bool text_holds(std::string_view left, std::string_view op, std::string_view right) {
    if (op == "in") {
        return right.find(left) != std::string_view::npos;
    }
    if (op == "not in") {
        return right.find(left) == std::string_view::npos;
    }
    if (op == "!=") {
        return left != right;
    }
    // Texts have no order: `<=` and `>=` are true of equal ones, `<`, `>` and `~=` of none.
    return left == right && (op == "==" || op == "===" || op == "<=" || op == ">=");
}

bool has_extra(const Marker::Node& node) {
    return node.comparison.variable == "extra" ||
           std::any_of(node.children.begin(), node.children.end(), has_extra);
}

std::string text_of(const Marker::Node& node) {
    if (node.kind == Marker::Node::Kind::comparison) {
        return text_of(node.comparison);
    }
    const bool is_all = node.kind == Marker::Node::Kind::all_of;
    std::string text;
    for (const Marker::Node& child : node.children) {
        const bool is_group = child.kind == Marker::Node::Kind::any_of;
        text += text.empty() ? "" : is_all ? " and " : " or ";
        text += is_group ? "(" + text_of(child) + ")" : text_of(child);
    }
    return text;
}

std::string text_of(const MarkerComparison& comparison) {
    const char quote = comparison.literal.find('"') == std::string::npos ? '"' : '\'';
    const std::string literal = fmt::format("{}{}{}", quote, comparison.literal, quote);
    return comparison.is_reversed
               ? fmt::format("{} {} {}", literal, comparison.op, comparison.variable)
               : fmt::format("{} {} {}", comparison.variable, comparison.op, literal);
}

} // namespace

} // namespace envpm::pypi
