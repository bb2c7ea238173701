#include "pypi/requirement.h"

#include "base/ascii.h"
#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace envpm::pypi {

namespace {

constexpr std::size_t longest_requirement = 65536;
constexpr std::size_t longest_quote = 300;

/// A requirement cut into its parts, none of them understood yet.
struct Parts {
    std::string_view name;
    std::string_view extras; ///< between the brackets
    std::string_view specifiers;
    std::string_view url;
    std::optional<std::string_view> marker;
};

Parts cut(std::string_view text);
std::vector<PackageName> read_extras(std::string_view list, std::string_view text);
[[noreturn]] void refuse(std::string_view text, const std::string& fault,
                         const std::string& hint = "");

} // namespace

Requirement Requirement::parse(std::string_view text, Reading reading) {
    const Parts parts = cut(text);
    const std::optional<PackageName> name = PackageName::parse(parts.name);
    if (!name) {
        refuse(text, parts.name.empty() ? "it does not begin with a name"
                                        : fmt::format("`{}` is no name", parts.name));
    }
    std::vector<PackageName> extras = read_extras(parts.extras, text);
    try {
        return {*name, std::move(extras), SpecifierSet::parse(parts.specifiers, reading),
                parts.marker ? Marker::parse(*parts.marker) : Marker(), std::string(parts.url)};
    } catch (const Error& error) {
        refuse(text, error.text().what, error.text().hint);
    }
}

std::string Requirement::text() const {
    std::string text = name.string();
    for (const PackageName& extra : extras) {
        text += (&extra == &extras.front() ? "[" : ",") + extra.string();
    }
    text += extras.empty() ? "" : "]";
    if (!url.empty()) {
        text += fmt::format(" @ {}", url);
    } else if (!specifiers.is_any()) {
        text += fmt::format(" {}", specifiers.text());
    }
    if (!marker.is_always()) {
        // Without the blank the `;` would belong to the URL.
        text += fmt::format("{}; {}", url.empty() ? "" : " ", marker.text());
    }
    return text;
}

namespace {

bool is_name_character(char c) {
    return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_';
}

/// Takes what is up to the first character that `ends` has off `rest`.
std::string_view take_until(std::string_view& rest, std::string_view ends) {
    const std::string_view taken = rest.substr(0, rest.find_first_of(ends));
    rest.remove_prefix(taken.size());
    return taken;
}

std::string_view take_brackets(std::string_view& rest, char closing, std::string_view text) {
    const std::size_t end = rest.find(closing);
    if (end == std::string_view::npos) {
        refuse(text, fmt::format("`{}` is missing", closing));
    }
    const std::string_view inside = rest.substr(1, end - 1);
    rest = trimmed(rest.substr(end + 1));
    return inside;
}

Parts cut(std::string_view text) {
    if (text.size() > longest_requirement) {
        refuse(text, "it is too long");
    }
    Parts parts;
    std::string_view rest = trimmed(text);
    const std::string_view::iterator name_end =
        std::find_if_not(rest.begin(), rest.end(), is_name_character);
    parts.name = rest.substr(0, static_cast<std::size_t>(name_end - rest.begin()));
    rest = trimmed(rest.substr(parts.name.size()));
    if (rest.starts_with('[')) {
        parts.extras = take_brackets(rest, ']', text);
    }
    if (rest.starts_with('@')) {
        rest = trimmed(rest.substr(1));
        parts.url = take_until(rest, white_space);
        rest = trimmed(rest);
        if (parts.url.empty()) {
            refuse(text, "there is no URL behind `@`");
        }
    } else if (rest.starts_with('(')) {
        parts.specifiers = take_brackets(rest, ')', text);
    } else {
        parts.specifiers = take_until(rest, ";");
    }
    if (rest.starts_with(';')) {
        parts.marker = rest.substr(1);
    } else if (!rest.empty()) {
        refuse(text, fmt::format("`;` is missing before `{}`", rest));
    }
    return parts;
}

std::vector<PackageName> read_extras(std::string_view list, std::string_view text) {
    std::vector<PackageName> extras;
    std::string_view rest = trimmed(list);
    while (!rest.empty()) {
        const std::string_view word = trimmed(take_until(rest, ","));
        const std::optional<PackageName> extra = PackageName::parse(word);
        const bool ends_with_comma = rest == ",";
        if (!extra || ends_with_comma) {
            refuse(text, ends_with_comma ? "an extra is missing behind `,`"
                                         : fmt::format("`{}` is no name of an extra", word));
        }
        extras.push_back(*extra);
        rest.remove_prefix(std::min<std::size_t>(1, rest.size()));
    }
    std::sort(extras.begin(), extras.end());
    extras.erase(std::unique(extras.begin(), extras.end()), extras.end());
    return extras;
}

void refuse(std::string_view text, const std::string& fault, const std::string& hint) {
    const std::string quote = text.size() > longest_quote
                                  ? std::string(text.substr(0, longest_quote)) + "…"
                                  : std::string(text);
    throw Error({.what = fmt::format("`{}` is no requirement: {}", quote, fault),
                 .subject = "",
                 .hint = hint});
}

} // namespace

} // namespace envpm::pypi
