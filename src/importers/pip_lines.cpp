#include "importers/pip_lines.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace envpm::importers {

namespace {

struct OptionReason {
    std::string_view name;
    std::string_view why;
};

constexpr std::string_view not_read = "that file is not read; `envpm add -r` takes one";
constexpr std::string_view not_fetched =
    "envpm fetches no such file; download it and give its path to `envpm add -r`";

constexpr std::array<OptionReason, 9> reasons{{
    {"-e", "envpm installs wheels only, and no project in its folder"},
    {"--editable", "envpm installs wheels only, and no project in its folder"},
    {"-r", not_read},
    {"--requirement", not_read},
    {"-c", "that file is not read; its lines can go under `[constraints]`"},
    {"--constraint", "that file is not read; its lines can go under `[constraints]`"},
    {"-f", "wheels come from indexes; a folder of pages can be one, under `[indexes]`"},
    {"--find-links", "wheels come from indexes; a folder of pages can be one, under `[indexes]`"},
    {"--trusted-host", "envpm checks every certificate"},
}};

/// How the path of a channel begins that needs a token.
constexpr std::string_view token = "/t/";

void read_option(const std::string& line, const SourceLocation& location, Imported& imported);
void add_index(const std::string& url, bool is_default, const SourceLocation& location,
               Imported& imported);
std::string without_comment(std::string_view line);
bool is_reference(std::string_view line);

} // namespace

void read_pip_line(const std::string& line, const SourceLocation& location, Imported& imported) {
    std::string text = without_comment(line);
    if (text.empty()) {
        return;
    }
    if (text.front() == '-') {
        read_option(text, location, imported);
        return;
    }
    if (const std::size_t option = text.find(" --"); option != std::string::npos) {
        imported.leave(location, fmt::format("`{}`", trimmed(text.substr(option))),
                       "a requirement has no options; envpm.lock has a digest of every wheel");
        text = trimmed(text.substr(0, option));
    }
    if (is_reference(text)) {
        imported.leave(location, fmt::format("`{}`", without_passwords(text)),
                       "wheels come from indexes only; name a version, and the place of the wheel "
                       "under `[indexes]`");
        return;
    }
    imported.wheels.push_back({text, location});
}

std::string without_passwords(std::string text) {
    std::size_t begin = text.find("://");
    while (begin != std::string::npos) {
        begin += 3;
        const std::size_t end = std::min(text.find_first_of("/?# ", begin), text.size());
        const std::size_t at = text.substr(0, end).rfind('@');
        if (at != std::string::npos && at >= begin) {
            text.erase(begin, at + 1 - begin);
        }
        const std::size_t path = std::min(text.find_first_of("/ ", begin), text.size());
        if (text.compare(path, token.size(), token) == 0) {
            const std::size_t behind = text.find_first_of("/ ", path + token.size());
            text.erase(path, std::min(behind, text.size()) - path);
        }
        begin = text.find("://", begin);
    }
    return text;
}

namespace {

void read_option(const std::string& line, const SourceLocation& location, Imported& imported) {
    const std::size_t end = std::min(line.find_first_of("= \t"), line.size());
    const std::string name = line.substr(0, end);
    const std::string value(trimmed(line.substr(std::min(end + 1, line.size()))));
    if (name == "-i" || name == "--index-url" || name == "--extra-index-url") {
        add_index(value, name != "--extra-index-url", location, imported);
        return;
    }
    if (name == "--pre") {
        imported.allows_prereleases = true;
        return;
    }
    const auto* const found =
        std::find_if(reasons.begin(), reasons.end(),
                     [&](const OptionReason& reason) { return reason.name == name; });
    const bool is_behind_url =
        found != reasons.end() && found->why == not_read && value.find("://") != std::string::npos;
    imported.leave(location, fmt::format("`{}`", without_passwords(line)),
                   found == reasons.end() ? "an option of pip that envpm does not have"
                                          : std::string(is_behind_url ? not_fetched : found->why));
}

/// Of two defaults pip takes the last.
void add_index(const std::string& url, bool is_default, const SourceLocation& location,
               Imported& imported) {
    const std::string shown = without_passwords(url);
    if (shown != url) {
        imported.leave(location, fmt::format("the password for {}", shown),
                       "a manifest is committed; put it into ~/.netrc");
    }
    if (is_default) {
        std::erase_if(imported.indexes,
                      [](const ImportedIndex& index) { return index.is_default; });
    } else {
        imported.change(location, fmt::format("the extra index {}", shown),
                        "pip takes the best of all indexes; envpm asks this one first, and PyPI "
                        "for what it does not have");
    }
    imported.indexes.push_back({shown, location, is_default});
}

/// `#` begins a comment at the line's begin or behind a blank, as in a requirements file.
std::string without_comment(std::string_view line) {
    std::size_t mark = line.find('#');
    while (mark != std::string_view::npos && mark > 0 && line[mark - 1] != ' ' &&
           line[mark - 1] != '\t') {
        mark = line.find('#', mark + 1);
    }
    return std::string(trimmed(line.substr(0, mark)));
}

/// `name @ URL`, a URL, a path, a file.
bool is_reference(std::string_view line) {
    const std::string_view head = trimmed(line.substr(0, line.find(';')));
    return head.find('@') != std::string_view::npos || head.find('/') != std::string_view::npos ||
           head.starts_with('.') || head.ends_with(".whl") || head.ends_with(".tar.gz") ||
           head.find('$') != std::string_view::npos;
}

} // namespace

} // namespace envpm::importers
