#include "pypi/wheel_name.h"

#include "base/ascii.h"

#include <algorithm>
#include <utility>

namespace envpm::pypi {

namespace {

constexpr std::size_t longest_file_name = 1024;
constexpr std::size_t most_tags = 1024; // real ones have a handful; three lists multiply
constexpr std::size_t most_build_digits = 18;

/// Cuts what is behind the last separator off; all of the text if there is none.
std::string_view cut_last(std::string_view& text, char separator);
std::optional<std::vector<Tag>> expand(std::string_view python, std::string_view abi,
                                       std::string_view platform);
bool is_project_name(std::string_view text);

/// "12abc" as 12 and "abc"; nothing if it does not begin with a digit.
std::optional<std::pair<std::uint64_t, std::string>> read_build(std::string_view text);

} // namespace

std::optional<WheelName> WheelName::parse(std::string_view file_name) {
    return WheelNameReader().read(file_name);
}

std::optional<WheelName> WheelNameReader::read(std::string_view file_name) {
    constexpr std::string_view suffix = ".whl";
    if (!file_name.ends_with(suffix) || file_name.size() > longest_file_name) {
        return std::nullopt;
    }
    std::string_view release = file_name.substr(0, file_name.size() - suffix.size());
    const std::string_view platform = cut_last(release, '-');
    const std::string_view abi = cut_last(release, '-');
    const std::string_view python = cut_last(release, '-');
    const std::size_t hyphens =
        static_cast<std::size_t>(std::count(release.begin(), release.end(), '-'));
    const std::string_view build = hyphens == 2 ? cut_last(release, '-') : std::string_view();
    if ((hyphens != 1 && hyphens != 2) || !take_release(release)) {
        return std::nullopt;
    }
    std::optional<std::vector<Tag>> tags = expand(python, abi, platform);
    const auto read = hyphens == 2 ? read_build(build) : std::pair(std::uint64_t(0), std::string());
    if (!tags || !read) {
        return std::nullopt;
    }
    return WheelName{release_->name, release_->version, read->first, read->second,
                     std::move(*tags)};
}

/// False if it is none.
bool WheelNameReader::take_release(std::string_view written) {
    if (release_ && written == written_) {
        return true;
    }
    const std::size_t hyphen = written.find('-');
    std::optional<PackageName> name = PackageName::parse(written.substr(0, hyphen));
    std::optional<Version> version = Version::parse(written.substr(hyphen + 1));
    if (!name || !version || !is_project_name(written.substr(0, hyphen))) {
        return false;
    }
    written_ = written;
    release_ = Release{std::move(*name), std::move(*version)};
    return true;
}

namespace {

std::string_view cut_last(std::string_view& text, char separator) {
    const std::size_t at = text.rfind(separator);
    const std::string_view last = text.substr(at + 1); // from 0, if it is npos
    text = text.substr(0, at == std::string_view::npos ? 0 : at);
    return last;
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

/// Calls `take` with each of a list, "py2.py3", in lower case; false if one is empty, or if `take`
/// answers so.
template <class Take> bool for_each_tag(std::string_view list, Take take) {
    while (true) {
        const std::size_t end = list.find('.');
        const std::string_view tag = list.substr(0, end);
        if (tag.empty() || !take(ascii_lower(tag))) {
            return false;
        }
        if (end == std::string_view::npos) {
            return true;
        }
        list.remove_prefix(end + 1);
    }
}

std::size_t count_of(std::string_view list) {
    return static_cast<std::size_t>(std::count(list.begin(), list.end(), '.')) + 1;
}

std::optional<std::vector<Tag>> expand(std::string_view python, std::string_view abi,
                                       std::string_view platform) {
    std::vector<Tag> tags;
    const std::size_t count = count_of(python) * count_of(abi) * count_of(platform);
    if (count > most_tags) {
        return std::nullopt;
    }
    tags.reserve(count);
    const bool is_good = for_each_tag(python, [&](const std::string& one_python) {
        return is_python_tag(one_python) && for_each_tag(abi, [&](const std::string& one_abi) {
                   return for_each_tag(platform, [&](std::string one_platform) {
                       tags.push_back({one_python, one_abi, std::move(one_platform)});
                       return true;
                   });
               });
    });
    return is_good ? std::optional(std::move(tags)) : std::nullopt;
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
