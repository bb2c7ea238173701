#include "conda/package_paths.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace envpm::conda {

namespace {

/// What packages had in their files before they said what it is.
constexpr std::string_view first_placeholder = "/opt/anaconda1anaconda2anaconda3";
/// More than any real one by far: they are read whole.
constexpr std::uint64_t largest_text_bytes = 256U << 20U;
/// Twice as many as a package may have files: in memory they are many times a short line.
constexpr std::size_t most_lines = 1'000'000;
/// Likewise the values of paths.json, nine of a path at most, each with a comma before it.
constexpr std::ptrdiff_t most_values = 10'000'000;

PackagePath parse_path(const Json& json, const std::string& subject);
PathType parse_type(std::string_view text, const std::string& subject);
std::optional<Placeholder> parse_placeholder(const Json& json, const std::string& subject);
PlaceholderMode parse_mode(std::string_view text, const std::string& subject);
void check_placeholder(std::string_view text, const std::string& subject);
std::optional<Sha256> parse_digest(const Json& json, const std::string& subject);
std::optional<std::uint64_t> parse_size(const Json& json, const std::string& subject);
RelativePath parse_name(std::string_view text, const std::string& subject);
void sort_and_check(std::vector<PackagePath>& paths, const std::string& subject);
std::vector<std::string_view> lines_of(std::string_view text, const std::string& subject);
std::string_view take_word(std::string_view& line);
bool is_info(const RelativePath& path);
bool is_there(const PackagePath& path, const Tree& tree);
void check_file(const PackagePath* listed, const TreeFile& file, const std::string& subject);
const std::string* text_member(const Json& json, std::string_view name);

[[noreturn]] void refuse(std::string what, const std::string& subject) {
    throw Error({std::move(what), subject, {}}, ExitCode::integrity);
}

} // namespace

std::vector<PackagePath> parse_paths(std::string_view text, const std::string& subject) {
    std::vector<PackagePath> paths;
    if (std::count(text.begin(), text.end(), ',') > most_values) {
        refuse("`info/paths.json` has more than 10,000,000 values", subject);
    }
    try {
        const Json json = parse_json(text, "info/paths.json");
        if (json.number("paths_version") != 1) {
            refuse("its version is not known", "info/paths.json");
        }
        const Json::Array& entries = json.array("paths");
        paths.reserve(entries.size());
        for (const Json& entry : entries) {
            paths.push_back(parse_path(entry, subject));
        }
    } catch (const Error& fault) {
        refuse(fmt::format("`info/paths.json` cannot be used: {}", fault.what()), subject);
    }
    sort_and_check(paths, subject);
    return paths;
}

std::vector<PackagePath> parse_old_paths(const OldPathTexts& texts, const Tree& tree,
                                         const std::string& subject) {
    std::vector<PackagePath> paths;
    for (const std::string_view line : lines_of(texts.files, subject)) {
        const bool is_link = find_link(tree, line) != nullptr;
        paths.push_back({parse_name(line, subject), is_link ? PathType::link : PathType::file,
                         std::nullopt, std::nullopt, std::nullopt, false});
    }
    sort_and_check(paths, subject);
    const auto listed = [&](std::string_view path) -> PackagePath& {
        PackagePath* found = find_path(paths, path);
        if (found == nullptr) {
            refuse(fmt::format("`{}` is not among the package's files", path), subject);
        }
        return *found;
    };
    for (std::string_view line : lines_of(texts.has_prefix, subject)) {
        const std::string_view first = take_word(line);
        if (line.empty()) {
            listed(first).placeholder = {std::string(first_placeholder), PlaceholderMode::text};
            continue;
        }
        const PlaceholderMode mode = parse_mode(take_word(line), subject);
        check_placeholder(first, subject);
        listed(take_word(line)).placeholder = {std::string(first), mode};
    }
    for (const std::string_view line : lines_of(texts.no_link, subject)) {
        listed(line).is_never_linked = true;
    }
    return paths;
}

std::vector<PackagePath>
read_package_paths(const Tree& tree, const std::function<std::string(const TreeFile&)>& content,
                   const std::string& subject) {
    if (find_file(tree, "info/paths.json") != nullptr) {
        return parse_paths(text_of_file(tree, "info/paths.json", content, subject), subject);
    }
    const auto text_or_nothing = [&](std::string_view path) {
        return find_file(tree, path) == nullptr ? std::string()
                                                : text_of_file(tree, path, content, subject);
    };
    return parse_old_paths({text_of_file(tree, "info/files", content, subject),
                            text_or_nothing("info/has_prefix"), text_or_nothing("info/no_link")},
                           tree, subject);
}

void check_paths(const std::vector<PackagePath>& paths, const Tree& tree,
                 const std::string& subject) {
    for (const TreeFile& file : tree.files) {
        if (!is_info(file.path)) {
            check_file(find_path(paths, file.path.string()), file, subject);
        }
    }
    for (const TreeLink& link : tree.links) {
        const PackagePath* listed = find_path(paths, link.path.string());
        if (!is_info(link.path) && (listed == nullptr || listed->type != PathType::link)) {
            refuse(fmt::format("`{}` is a link that the package does not list as one",
                               link.path.string()),
                   subject);
        }
    }
    for (const PackagePath& path : paths) {
        if (is_info(path.path)) {
            refuse(fmt::format("`{}` is listed as a file to install", path.path.string()), subject);
        }
        if (!is_there(path, tree)) {
            refuse(fmt::format("`{}` is listed and not in the package, or not as what it is listed",
                               path.path.string()),
                   subject);
        }
    }
}

std::string text_of_file(const Tree& tree, std::string_view path,
                         const std::function<std::string(const TreeFile&)>& content,
                         const std::string& subject) {
    const TreeFile* file = find_file(tree, path);
    if (file == nullptr) {
        refuse(fmt::format("the package has no `{}`", path), subject);
    }
    if (file->size_bytes > largest_text_bytes) {
        refuse(fmt::format("`{}` has {} bytes, more than any real one", path, file->size_bytes),
               subject);
    }
    return content(*file);
}

namespace {

PackagePath parse_path(const Json& json, const std::string& subject) {
    PackagePath path{parse_name(json.text("_path"), subject),
                     parse_type(json.text("path_type"), subject),
                     parse_digest(json, subject),
                     parse_size(json, subject),
                     parse_placeholder(json, subject),
                     false};
    if (const Json* no_link = json.find("no_link")) {
        const bool* value = no_link->get_if<bool>();
        path.is_never_linked = value != nullptr && *value;
    }
    return path;
}

PathType parse_type(std::string_view text, const std::string& subject) {
    if (text == "hardlink") {
        return PathType::file;
    }
    if (text == "softlink") {
        return PathType::link;
    }
    if (text == "directory") {
        return PathType::folder;
    }
    refuse(fmt::format("`{}` is no type of path", text), subject);
}

std::optional<Placeholder> parse_placeholder(const Json& json, const std::string& subject) {
    const std::string* text = text_member(json, "prefix_placeholder");
    if (text == nullptr) {
        return std::nullopt;
    }
    check_placeholder(*text, subject);
    return Placeholder{*text, parse_mode(json.text("file_mode"), subject)};
}

PlaceholderMode parse_mode(std::string_view text, const std::string& subject) {
    if (text != "text" && text != "binary") {
        refuse(fmt::format("`{}` is no mode of a file with a placeholder", text), subject);
    }
    return text == "text" ? PlaceholderMode::text : PlaceholderMode::binary;
}

/// A shorter one stands in every file, and would be replaced there too.
void check_placeholder(std::string_view text, const std::string& subject) {
    constexpr std::size_t longest = 4096;
    const bool has_control = std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    if (text.size() < 2 || text.size() > longest || has_control) {
        refuse(fmt::format("a placeholder of {} bytes stands for no prefix", text.size()), subject);
    }
}

std::optional<Sha256> parse_digest(const Json& json, const std::string& subject) {
    const std::string* text = text_member(json, "sha256");
    if (text == nullptr) {
        return std::nullopt;
    }
    const std::optional<Sha256> digest = Sha256::parse(*text);
    if (!digest) {
        refuse("a sha256 is none", subject);
    }
    return digest;
}

std::optional<std::uint64_t> parse_size(const Json& json, const std::string& subject) {
    const Json* member = json.find("size_in_bytes");
    if (member == nullptr || member->is_null()) {
        return std::nullopt;
    }
    const std::int64_t size = json.number("size_in_bytes");
    if (size < 0) {
        refuse("a size is negative", subject);
    }
    return static_cast<std::uint64_t>(size);
}

RelativePath parse_name(std::string_view text, const std::string& subject) {
    try {
        return RelativePath::parse(text);
    } catch (Error& fault) {
        fault.add_context(fmt::format("while reading the paths of {}", subject));
        throw;
    }
}

void sort_and_check(std::vector<PackagePath>& paths, const std::string& subject) {
    std::sort(paths.begin(), paths.end(),
              [](const PackagePath& a, const PackagePath& b) { return a.path < b.path; });
    for (std::size_t i = 1; i < paths.size(); ++i) {
        if (paths[i].path == paths[i - 1].path) {
            refuse(fmt::format("`{}` is listed twice", paths[i].path.string()), subject);
        }
    }
}

/// Without those that are empty.
std::vector<std::string_view> lines_of(std::string_view text, const std::string& subject) {
    std::vector<std::string_view> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string_view line = trimmed(text.substr(begin, end - begin));
        begin = end + 1;
        if (!line.empty()) {
            lines.push_back(line);
        }
        if (lines.size() > most_lines) {
            refuse("a list of paths has more than 1,000,000 lines", subject);
        }
    }
    return lines;
}

/// The first word, or what stands in quotes; it and the space after it leave the line.
std::string_view take_word(std::string_view& line) {
    const bool is_quoted = line.starts_with('"') && line.find('"', 1) != std::string_view::npos;
    const std::size_t begin = is_quoted ? 1 : 0;
    const std::size_t end =
        std::min(is_quoted ? line.find('"', 1) : line.find_first_of(white_space), line.size());
    const std::string_view word = line.substr(begin, end - begin);
    line = trimmed(line.substr(std::min(end + begin, line.size())));
    return word;
}

bool is_info(const RelativePath& path) {
    return path.string() == "info" || path.string().starts_with("info/");
}

bool is_there(const PackagePath& path, const Tree& tree) {
    switch (path.type) {
    case PathType::file:
        return find_file(tree, path.path.string()) != nullptr;
    case PathType::link:
        return find_link(tree, path.path.string()) != nullptr;
    case PathType::folder:
        break;
    }
    return find_file(tree, path.path.string()) == nullptr &&
           find_link(tree, path.path.string()) == nullptr;
}

void check_file(const PackagePath* listed, const TreeFile& file, const std::string& subject) {
    if (listed == nullptr || listed->type != PathType::file) {
        refuse(
            fmt::format("`{}` is a file that the package does not list as one", file.path.string()),
            subject);
    }
    if (listed->size_bytes.value_or(file.size_bytes) != file.size_bytes ||
        listed->sha256.value_or(file.object) != file.object) {
        refuse(fmt::format("`{}` has another size or sha256 than the package says",
                           file.path.string()),
               subject);
    }
}

/// Null if there is none, or a null.
const std::string* text_member(const Json& json, std::string_view name) {
    const Json* member = json.find(name);
    return member == nullptr || member->is_null() ? nullptr : &json.text(name);
}

} // namespace

} // namespace envpm::conda
