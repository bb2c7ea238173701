#include "manifest/requirement_text.h"

#include "base/ascii.h"
#include "base/toml_fields.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::manifest {

namespace {

/// One text on its way through the splitter.
struct Splitter {
    std::string_view whole;
    std::string_view rest;
    const SourceLocation& location;
};

PackageName take_name(Splitter& splitter);
std::vector<PackageName> take_extras(Splitter& splitter);
std::string take_specifier(Splitter& splitter);
std::string take_marker(Splitter& splitter);
[[noreturn]] void complain(const Splitter& splitter, const std::string& why, std::string hint = {});

} // namespace

ManifestRequirement split_requirement(std::string_view text, const SourceLocation& location) {
    Splitter splitter{text, trimmed(text), location};
    const bool is_printable = std::all_of(
        text.begin(), text.end(), [](char c) { return (c >= ' ' && c != 0x7f) || c == '\t'; });
    if (!is_printable) {
        complain(splitter, "it holds control characters");
    }
    ManifestRequirement requirement{take_name(splitter), {}, {}, {}, {}, location};
    requirement.extras = take_extras(splitter);
    requirement.specifier = take_specifier(splitter);
    requirement.marker = take_marker(splitter);
    return requirement;
}

std::string requirement_text(const ManifestRequirement& requirement) {
    std::string out = requirement.name.string();
    for (std::size_t i = 0; i < requirement.extras.size(); ++i) {
        out += (i == 0 ? "[" : ",") + requirement.extras[i].string();
    }
    out += requirement.extras.empty() ? "" : "]";
    if (requirement.specifier != "*") {
        out += requirement.specifier;
    }
    return requirement.marker.empty() ? out : out + "; " + requirement.marker;
}

namespace {

PackageName take_name(Splitter& splitter) {
    const std::size_t end = splitter.rest.find_first_of(" \t[(<>=!~;@");
    const std::string_view text = splitter.rest.substr(0, end);
    const std::optional<PackageName> name = PackageName::parse(text);
    if (!name) {
        complain(splitter, "it does not begin with a package's name",
                 "letters, digits, `.`, `_` and `-`, with a letter or digit at both ends");
    }
    splitter.rest = trimmed(splitter.rest.substr(text.size()));
    return *name;
}

std::vector<PackageName> take_extras(Splitter& splitter) {
    std::vector<PackageName> extras;
    if (!splitter.rest.starts_with('[')) {
        return extras;
    }
    const std::size_t end = splitter.rest.find(']');
    if (end == std::string_view::npos) {
        complain(splitter, "the `]` after the extras is missing");
    }
    std::string_view list = trimmed(splitter.rest.substr(1, end - 1));
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::optional<PackageName> extra = PackageName::parse(trimmed(list.substr(0, comma)));
        if (!extra || comma == list.size() - 1) {
            complain(splitter, "its extras are not names with commas between them");
        }
        extras.push_back(*extra);
        list =
            comma == std::string_view::npos ? std::string_view() : trimmed(list.substr(comma + 1));
    }
    std::sort(extras.begin(), extras.end());
    extras.erase(std::unique(extras.begin(), extras.end()), extras.end());
    splitter.rest = trimmed(splitter.rest.substr(end + 1));
    return extras;
}

std::string take_specifier(Splitter& splitter) {
    std::string_view& rest = splitter.rest;
    if (rest.starts_with('@')) {
        complain(splitter, "direct references are not supported: a wheel comes from an index",
                 "give the version instead, and the place of the wheel as an index");
    }
    std::string_view text = trimmed(rest.substr(0, rest.find(';')));
    rest.remove_prefix(std::min(rest.size(), rest.find(';')));
    if (text.starts_with('(') && text.ends_with(')')) {
        text = trimmed(text.substr(1, text.size() - 2));
    }
    if (!text.empty() && std::string_view("<>=!~").find(text.front()) == std::string_view::npos) {
        complain(splitter, fmt::format("`{}` is no version specifier", text),
                 "as in `name >=1.2,<2`");
    }
    return std::string(text);
}

std::string take_marker(Splitter& splitter) {
    if (splitter.rest.empty()) {
        return {};
    }
    const std::string_view marker = trimmed(splitter.rest.substr(1));
    if (marker.empty()) {
        complain(splitter, "there is no marker after the `;`");
    }
    return std::string(marker);
}

void complain(const Splitter& splitter, const std::string& why, std::string hint) {
    complain_at(splitter.location,
                fmt::format("{} is no requirement: {}", toml_quoted(splitter.whole), why),
                std::move(hint));
}

} // namespace

} // namespace envpm::manifest
