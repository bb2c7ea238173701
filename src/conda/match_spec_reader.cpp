#include "conda/match_spec_reader.h"

#include "base/ascii.h"
#include "base/error.h"
#include "conda/match_spec_parts.h"
#include "conda/package_url.h"
#include "model/channel_subdir.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace envpm::conda {

namespace {

using Field = FieldMatch::Field;

constexpr std::size_t longest_spec = 8192;
constexpr std::size_t longest_quote = 300;

constexpr std::array<std::pair<std::string_view, Field>, 10> keys{{
    {"channel", Field::channel},
    {"subdir", Field::subdir},
    {"fn", Field::file_name},
    {"url", Field::url},
    {"md5", Field::md5},
    {"sha256", Field::sha256},
    {"license", Field::license},
    {"license_family", Field::license_family},
    {"track_features", Field::track_features},
    {"features", Field::features},
}};

MatchSpec read_parts(std::string_view text, Form form);
MatchSpec read_url(std::string_view text);
void read_bracket(MatchSpec& spec, const MatchSpecParts::Field& given, Form form);
void check_name(const MatchSpec& spec, std::string_view name, Form form);
Field field_of(std::string_view key);
void ask_channel(MatchSpec& spec, std::string_view channel);
std::string_view without_slashes(std::string_view text);
void ask(MatchSpec& spec, Field field, std::string_view value);
StringMatch read_name(std::string_view text);
std::optional<VersionSpec> read_version(std::string_view text, Form form);
std::optional<StringMatch> read_build(std::string_view text);
std::string checked(Field field, std::string_view value);
[[noreturn]] void refuse(const std::string& fault, const std::string& hint = "");

} // namespace

MatchSpec read_match_spec(std::string_view text, Form form) {
    const std::string_view inner = trimmed(text);
    try {
        if (text.size() > longest_spec) {
            refuse("it is too long");
        }
        return PackageUrl::is_meant_by(inner) ? read_url(inner) : read_parts(inner, form);
    } catch (const Error& error) {
        const bool is_long = inner.size() > longest_quote;
        throw Error(
            {.what = fmt::format("`{}{}` is no match spec: {}", inner.substr(0, longest_quote),
                                 is_long ? "…" : "", error.text().what),
             .subject = "",
             .hint = error.text().hint});
    }
}

std::string_view key_of(Field field) {
    return std::find_if(keys.begin(), keys.end(),
                        [field](const auto& entry) { return entry.second == field; })
        ->first;
}

std::string sorted_words(std::string_view text) {
    // Upper and lower case are the same to a match, so they are to the order too.
    const auto is_before = [](std::string_view one, std::string_view other) {
        return ascii_lower(one) < ascii_lower(other);
    };
    std::set<std::string_view, decltype(is_before)> words(is_before);
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find_first_of(", \t"));
        words.insert(word);
        text.remove_prefix(std::min(word.size() + 1, text.size()));
    }
    words.erase("");
    return fmt::format("{}", fmt::join(words, " "));
}

namespace {

MatchSpec read_parts(std::string_view text, Form form) {
    const MatchSpecParts parts = MatchSpecParts::cut(text, form);
    MatchSpec spec;
    spec.name = read_name(parts.name);
    spec.version = read_version(parts.version, form);
    spec.build = read_build(parts.build);
    if (!parts.channel.empty()) {
        ask_channel(spec, parts.channel);
    }
    // What stands in brackets counts more, but for the name.
    for (const MatchSpecParts::Field& given : parts.fields) {
        read_bracket(spec, given, form);
    }
    return spec;
}

MatchSpec read_url(std::string_view text) {
    const PackageUrl url = PackageUrl::parse(text);
    MatchSpec spec;
    spec.name = read_name(url.name);
    spec.version = VersionSpec::parse("==" + url.version);
    spec.build = read_build(url.build);
    ask(spec, Field::file_name, url.file_name);
    if (url.channel.empty()) {
        ask(spec, Field::url, url.url);
    } else {
        ask(spec, Field::channel, without_slashes(url.channel));
        ask(spec, Field::subdir, url.subdir);
    }
    if (!url.hash.empty()) {
        ask(spec, url.hash.size() == 64 ? Field::sha256 : Field::md5, url.hash);
    }
    return spec;
}

void read_bracket(MatchSpec& spec, const MatchSpecParts::Field& given, Form form) {
    const std::string_view key = given.key;
    if (form == Form::lenient && (key == "optional" || key == "target")) {
        return;
    }
    if (given.value.empty()) {
        refuse(fmt::format("`{}` has no value", key));
    }
    if (key == "version") {
        spec.version = read_version(given.value, form);
    } else if (key == "build" || key == "build_string") {
        spec.build = read_build(given.value);
    } else if (key == "build_number") {
        const bool is_any = given.value == "*";
        spec.build_number =
            is_any ? std::nullopt : std::optional(BuildNumberMatch::parse(given.value));
    } else if (key == "name") {
        check_name(spec, given.value, form);
    } else if (key == "channel") {
        ask_channel(spec, given.value);
    } else {
        ask(spec, field_of(key), given.value);
    }
}

/// CEP 29 ignores a name in brackets; a second one is a mistake, or hides what is installed.
void check_name(const MatchSpec& spec, std::string_view name, Form form) {
    if (form == Form::strict && StringMatch::parse(name) != spec.name) {
        refuse(fmt::format("the name is both `{}` and `{}`", spec.name.text(), name));
    }
}

Field field_of(std::string_view key) {
    const auto* const known = std::find_if(keys.begin(), keys.end(),
                                           [key](const auto& entry) { return entry.first == key; });
    if (known == keys.end()) {
        refuse(fmt::format("envpm cannot match by `{}`", key));
    }
    return known->second;
}

/// A channel, or `channel/subdir`; `*` is any.
void ask_channel(MatchSpec& spec, std::string_view channel) {
    const std::string_view place = without_slashes(channel);
    const std::size_t end = end_of_channel(place);
    if (end < place.size()) {
        ask(spec, Field::subdir, place.substr(end + 1));
    }
    const std::string_view name = without_slashes(place.substr(0, end));
    if (name.empty()) {
        refuse(fmt::format("`{}` is no channel", channel));
    }
    ask(spec, Field::channel, name);
}

/// At its end.
std::string_view without_slashes(std::string_view text) {
    return text.substr(0, text.find_last_not_of('/') + 1);
}

/// In place of what was asked of the field before; `*` asks nothing.
void ask(MatchSpec& spec, Field field, std::string_view value) {
    const auto place =
        std::lower_bound(spec.fields.begin(), spec.fields.end(), field,
                         [](const FieldMatch& asked, Field other) { return asked.field < other; });
    const bool is_asked = place != spec.fields.end() && place->field == field;
    const auto free_place = is_asked ? spec.fields.erase(place) : place;
    FieldMatch asked{field, StringMatch::parse(checked(field, value))};
    if (!asked.match.is_any()) {
        spec.fields.insert(free_place, std::move(asked));
    }
}

StringMatch read_name(std::string_view text) {
    StringMatch name = StringMatch::parse(text);
    const std::string& lower = name.text();
    const bool is_regex = lower.starts_with('^') && lower.ends_with('$');
    const bool is_name = std::all_of(lower.begin(), lower.end(), [](char c) {
        return is_letter_or_digit(c) || std::string_view("._-*").find(c) != std::string_view::npos;
    });
    if (PackageUrl::is_file(lower)) {
        refuse(fmt::format("`{}` is a file, not a name", text));
    }
    if (!is_name && !is_regex) {
        refuse(fmt::format("`{}` is no name", text),
               text.ends_with('@') ? "features are no longer supported" : "");
    }
    return name;
}

std::optional<VersionSpec> read_version(std::string_view text, Form form) {
    if (text.empty()) {
        return std::nullopt;
    }
    VersionSpec version = VersionSpec::parse(text, form);
    return version.is_any() ? std::nullopt : std::optional(std::move(version));
}

std::optional<StringMatch> read_build(std::string_view text) {
    if (text.empty()) {
        return std::nullopt;
    }
    StringMatch build = StringMatch::parse(text);
    const bool is_regex = text.starts_with('^') && text.ends_with('$');
    const bool is_build = std::all_of(text.begin(), text.end(), [](char c) {
        return is_letter_or_digit(c) ||
               std::string_view("._+-*!").find(c) != std::string_view::npos;
    });
    if (!is_build && !is_regex) {
        refuse(fmt::format("`{}` is no build", text));
    }
    return build.is_any() ? std::nullopt : std::optional(std::move(build));
}

/// Refuses what can match nothing, or would not be read again as it was written.
std::string checked(Field field, std::string_view value) {
    const bool is_pattern = value.find('*') != std::string_view::npos || value.starts_with('^');
    const std::size_t digits = field == Field::md5 ? 32 : 64;
    const bool is_hash = field == Field::md5 || field == Field::sha256;
    if (is_hash && !is_pattern &&
        (value.size() != digits ||
         ascii_lower(value).find_first_not_of("0123456789abcdef") != std::string::npos)) {
        refuse(fmt::format("`{}` is no {}", value, key_of(field)));
    }
    const bool is_place = field == Field::channel || field == Field::subdir;
    if (is_place && !is_pattern &&
        value.find_first_of(" \t\n\r\f\v#[]()'\"") != std::string_view::npos) {
        refuse(fmt::format("`{}` is no {}", value, key_of(field)));
    }
    const bool is_set = field == Field::track_features || field == Field::features;
    const bool is_regex = value.starts_with('^') && value.ends_with('$');
    return is_set && !is_regex ? sorted_words(value) : std::string(value);
}

void refuse(const std::string& fault, const std::string& hint) {
    throw Error({.what = fault, .subject = "", .hint = hint});
}

} // namespace

} // namespace envpm::conda
