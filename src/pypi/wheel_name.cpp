#include "pypi/wheel_name.h"

#include "base/ascii.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace envpm::pypi {

namespace {

constexpr std::size_t longest_file_name = 1024;
constexpr std::size_t most_tags = 1024; // real ones have a handful; three lists multiply
constexpr std::size_t most_build_digits = 18;

std::vector<std::string_view> split(std::string_view text, char separator);
std::optional<std::vector<Tag>> expand(std::string_view python, std::string_view abi,
                                       std::string_view platform);
bool is_project_name(std::string_view text);

/// "12abc" as 12 and "abc"; nothing if it does not begin with a digit.
std::optional<std::pair<std::uint64_t, std::string>> read_build(std::string_view text);

} // namespace

std::optional<WheelName> WheelName::parse(std::string_view file_name) {
    constexpr std::string_view suffix = ".whl";
    if (!file_name.ends_with(suffix) || file_name.size() > longest_file_name) {
        return std::nullopt;
    }
    file_name.remove_suffix(suffix.size());
    const std::vector<std::string_view> parts = split(file_name, '-');
    if ((parts.size() != 5 && parts.size() != 6) || !is_project_name(parts[0])) {
        return std::nullopt;
    }
    const std::optional<PackageName> name = PackageName::parse(parts[0]);
    const std::optional<Version> version = Version::parse(parts[1]);
    std::optional<std::vector<Tag>> tags =
        expand(*(parts.end() - 3), *(parts.end() - 2), *(parts.end() - 1));
    if (!name || !version || !tags) {
        return std::nullopt;
    }
    WheelName wheel{*name, *version, 0, "", std::move(*tags)};
    if (parts.size() == 6) {
        const std::optional<std::pair<std::uint64_t, std::string>> build = read_build(parts[2]);
        if (!build) {
            return std::nullopt;
        }
        std::tie(wheel.build_number, wheel.build_rest) = *build;
    }
    return wheel;
}

namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    std::size_t end = text.find(separator);
    while (end != std::string_view::npos) {
        parts.push_back(text.substr(0, end));
        text.remove_prefix(end + 1);
        end = text.find(separator);
    }
    parts.push_back(text);
    return parts;
}

/// PEP 427 writes a run of separators as one `_`.
bool is_project_name(std::string_view text) {
    return text.find("__") == std::string_view::npos;
}

/// A Python tag is an identifier: "py3", "cp311".
bool is_python_tag(std::string_view text) {
    return !text.empty() && !is_digit(text.front()) &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_letter_or_digit(c) || c == '_'; });
}

/// The tags of one list, "py2.py3"; none if one of them is empty.
std::vector<std::string> tags_of(std::string_view list) {
    const std::vector<std::string_view> parts = split(list, '.');
    if (std::find(parts.begin(), parts.end(), std::string_view()) != parts.end()) {
        return {};
    }
    std::vector<std::string> tags(parts.size());
    std::transform(parts.begin(), parts.end(), tags.begin(), ascii_lower);
    return tags;
}

std::optional<std::vector<Tag>> expand(std::string_view python, std::string_view abi,
                                       std::string_view platform) {
    const std::vector<std::string> pythons = tags_of(python);
    const std::vector<std::string> abis = tags_of(abi);
    const std::vector<std::string> platforms = tags_of(platform);
    const std::size_t count = pythons.size() * abis.size() * platforms.size();
    if (count == 0 || count > most_tags ||
        !std::all_of(pythons.begin(), pythons.end(), is_python_tag)) {
        return std::nullopt;
    }
    std::vector<Tag> tags;
    tags.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        tags.push_back({pythons[i / platforms.size() / abis.size()],
                        abis[i / platforms.size() % abis.size()], platforms[i % platforms.size()]});
    }
    return tags;
}

std::optional<std::pair<std::uint64_t, std::string>> read_build(std::string_view text) {
    const std::string_view::iterator end = std::find_if_not(text.begin(), text.end(), is_digit);
    const std::size_t digits = static_cast<std::size_t>(end - text.begin());
    if (digits == 0 || digits > most_build_digits) {
        return std::nullopt;
    }
    std::uint64_t number = 0;
    for (const char digit : text.substr(0, digits)) {
        number = number * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    return std::pair(number, std::string(text.substr(digits)));
}

} // namespace

} // namespace envpm::pypi
