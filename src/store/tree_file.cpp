#include "store/tree_file.h"

#include "base/disk_fault.h"
#include "base/error.h"
#include "base/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

namespace envpm::store {

namespace {

constexpr std::size_t digest_digits = 64;

/// What stands for a file, a link, or else an empty folder of a tree, which it refers to.
struct Line {
    std::string_view path;
    const TreeFile* file = nullptr;
    const TreeLink* link = nullptr;
};

std::vector<Line> lines_of(const Tree& tree);
std::size_t likely_bytes(const std::vector<Line>& lines);
/// What the digest covers, brackets included.
void add_list(const std::vector<Line>& lines, std::string& text);
void add_in_quotes(std::string_view text, std::string& out);
std::string_view version_of(const Tree& tree);
std::optional<Tree> parse_list(std::string_view list, const Sha256& archive);

/// Walks over a text of one known shape.
class Cursor {
  public:
    explicit Cursor(std::string_view text)
        : text_(text) {}

    bool skip(std::string_view expected) {
        const bool is_there = text_.starts_with(expected);
        text_.remove_prefix(is_there ? expected.size() : 0);
        return is_there;
    }

    std::optional<Sha256> digest() {
        const std::optional<Sha256> found = Sha256::parse(text_.substr(0, digest_digits));
        text_.remove_prefix(found ? digest_digits : 0);
        return found;
    }

    std::optional<std::uint64_t> number();
    std::optional<Sha256> object();
    std::optional<std::string> text();
    std::optional<RelativePath> path();

    [[nodiscard]] std::string_view rest() const { return text_; }

  private:
    std::string_view text_;
};

const RelativePath* parse_entry(Cursor& cursor, Tree& tree);
bool parse_file(Cursor& cursor, TreeFile& file);
bool is_link_target(std::string_view target);

} // namespace

/// In one room from the beginning: a tree may be of many thousand files.
std::string to_text(const Tree& tree) {
    const std::vector<Line> lines = lines_of(tree);
    std::string text;
    text.reserve(likely_bytes(lines));
    text += fmt::format("{{\"version\":{},\"archive\":\"{}\",\"digest\":\"", version_of(tree),
                        tree.archive.hex());
    const std::size_t digest_at = text.size();
    text.append(digest_digits, '0').append("\",\"files\":");
    const std::size_t list_at = text.size();
    add_list(lines, text);
    const std::string digest = sha256_of(std::string_view(text).substr(list_at)).hex();
    text.replace(digest_at, digest.size(), digest);
    return text += "}\n";
}

std::optional<Tree> parse_tree(std::string_view text, const Sha256& archive) {
    Cursor cursor(text);
    if (!cursor.skip("{\"version\":")) {
        return std::nullopt;
    }
    const std::string_view version = cursor.rest().substr(0, 1);
    if (!cursor.skip(version) ||
        !cursor.skip(fmt::format(",\"archive\":\"{}\",\"digest\":\"", archive.hex()))) {
        return std::nullopt;
    }
    const std::optional<Sha256> digest = cursor.digest();
    if (!digest || !cursor.skip("\",\"files\":") || !cursor.rest().ends_with("}\n")) {
        return std::nullopt;
    }
    const std::string_view list = cursor.rest().substr(0, cursor.rest().size() - 2);
    if (sha256_of(list) != *digest) {
        return std::nullopt;
    }
    std::optional<Tree> tree = parse_list(list, archive);
    return tree && version == version_of(*tree) ? tree : std::nullopt;
}

std::vector<Tree> read_trees(const std::set<Sha256>& archives,
                             const std::function<std::filesystem::path(const Sha256&)>& path_of) {
    std::vector<Tree> trees;
    for (const Sha256& archive : archives) {
        const auto text = read_file_unless_lost(path_of(archive));
        std::optional<Tree> tree = text ? parse_tree(*text, archive) : std::nullopt;
        if (tree) {
            trees.push_back(std::move(*tree));
        }
    }
    return trees;
}

namespace {

/// What holds files only has the text that it had before there was anything else, so that an older
/// envpm can share the store.
std::string_view version_of(const Tree& tree) {
    return tree.links.empty() && tree.empty_folders.empty() ? "1" : "2";
}

/// Sorted by path.
std::vector<Line> lines_of(const Tree& tree) {
    std::vector<Line> lines;
    lines.reserve(tree.files.size() + tree.links.size() + tree.empty_folders.size());
    for (const TreeFile& file : tree.files) {
        lines.push_back({file.path.string(), &file, nullptr});
    }
    for (const TreeLink& link : tree.links) {
        lines.push_back({link.path.string(), nullptr, &link});
    }
    for (const RelativePath& folder : tree.empty_folders) {
        lines.push_back({folder.string(), nullptr, nullptr});
    }
    std::sort(lines.begin(), lines.end(),
              [](const Line& a, const Line& b) { return a.path < b.path; });
    return lines;
}

/// Only quotation marks, which hardly any path has, may need more.
std::size_t likely_bytes(const std::vector<Line>& lines) {
    constexpr std::size_t most_beside_texts = 128; // digest, size, punctuation
    std::size_t bytes = 2 * most_beside_texts;
    for (const Line& line : lines) {
        bytes += most_beside_texts + line.path.size() +
                 (line.link != nullptr ? line.link->target.size() : 0);
    }
    return bytes;
}

void add_list(const std::vector<Line>& lines, std::string& text) {
    std::string_view before = "[\n[";
    for (const Line& line : lines) {
        text += before;
        add_in_quotes(line.path, text);
        if (line.file != nullptr) {
            fmt::format_to(std::back_inserter(text), ",\"{}\",{},{}", line.file->object.hex(),
                           line.file->size_bytes, line.file->is_executable);
        } else if (line.link != nullptr) {
            text += ',';
            add_in_quotes(line.link->target, text);
        }
        text += ']';
        before = ",\n[";
    }
    text += lines.empty() ? "[\n]" : "\n]";
}

/// The only character that JSON escapes and a path or link target can hold is `"`.
void add_in_quotes(std::string_view text, std::string& out) {
    out += '"';
    for (std::size_t mark = text.find('"'); mark != std::string_view::npos; mark = text.find('"')) {
        out.append(text.substr(0, mark)).append("\\\"");
        text.remove_prefix(mark + 1);
    }
    out.append(text) += '"';
}

std::optional<Tree> parse_list(std::string_view list, const Sha256& archive) {
    Cursor cursor(list);
    Tree tree{archive, {}};
    tree.files.reserve(static_cast<std::size_t>(std::count(list.begin(), list.end(), '\n')));
    if (!cursor.skip("[")) {
        return std::nullopt;
    }
    const RelativePath* before = nullptr;
    std::optional<RelativePath> kept; // what is not in the vector that never grows
    while (cursor.skip(before != nullptr ? ",\n[" : "\n[")) {
        const RelativePath* path = parse_entry(cursor, tree);
        if (path == nullptr || (before != nullptr && !(*before < *path))) {
            return std::nullopt;
        }
        before = path;
        if (tree.files.empty() || path != &tree.files.back().path) {
            before = &kept.emplace(*path);
        }
    }
    if (cursor.rest() != "\n]") {
        return std::nullopt;
    }
    return tree;
}

/// Two parts are a link, one is a folder. Null for what is none of them.
const RelativePath* parse_entry(Cursor& cursor, Tree& tree) {
    std::optional<RelativePath> path = cursor.path();
    if (!path) {
        return nullptr;
    }
    if (cursor.skip("]")) {
        return &tree.empty_folders.emplace_back(std::move(*path));
    }
    if (!cursor.skip(",")) {
        return nullptr;
    }
    if (const std::optional<Sha256> object = cursor.object()) {
        TreeFile file{std::move(*path), *object};
        return parse_file(cursor, file) ? &tree.files.emplace_back(std::move(file)).path : nullptr;
    }
    std::optional<std::string> target = cursor.text();
    if (!target || !is_link_target(*target) || !cursor.skip("]")) {
        return nullptr;
    }
    return &tree.links.emplace_back(TreeLink{std::move(*path), std::move(*target)}).path;
}

/// What follows the object.
bool parse_file(Cursor& cursor, TreeFile& file) {
    const std::optional<std::uint64_t> size = cursor.number();
    if (!size || !cursor.skip(",")) {
        return false;
    }
    file.size_bytes = *size;
    file.is_executable = cursor.skip("true");
    return (file.is_executable || cursor.skip("false")) && cursor.skip("]");
}

bool is_link_target(std::string_view target) {
    try {
        check_link_target(target, {});
        return true;
    } catch (const Error&) {
        return false; // damage is an answer here, not a failure
    }
}

std::optional<std::uint64_t> Cursor::number() {
    std::uint64_t value = 0;
    const auto [end, fault] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    const bool has_leading_zero = value != 0 ? text_.starts_with('0') : end - text_.data() > 1;
    if (fault != std::errc() || has_leading_zero) {
        return std::nullopt;
    }
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return value;
}

/// A digest in quotes with something after it: that alone is a link's target.
std::optional<Sha256> Cursor::object() {
    constexpr std::size_t hex_digits = 64;
    constexpr std::string_view end = "\",";
    const std::string_view whole = text_.substr(0, 1 + hex_digits + end.size());
    if (!whole.starts_with('"') || !whole.ends_with(end)) {
        return std::nullopt;
    }
    const std::optional<Sha256> found = Sha256::parse(text_.substr(1, hex_digits));
    text_.remove_prefix(found ? 1 + hex_digits + end.size() : 0);
    return found;
}

std::optional<std::string> Cursor::text() {
    if (!skip("\"")) {
        return std::nullopt;
    }
    std::string text;
    while (!text_.empty() && text_.front() != '"') {
        if (skip("\\") && !text_.starts_with('"')) {
            return std::nullopt; // nothing else is ever escaped
        }
        const std::size_t plain = std::min(text_.find_first_of("\"\\", 1), text_.size());
        text += text_.substr(0, plain);
        text_.remove_prefix(plain);
    }
    return skip("\"") ? std::optional(std::move(text)) : std::nullopt;
}

std::optional<RelativePath> Cursor::path() {
    const std::optional<std::string> path = text();
    if (!path) {
        return std::nullopt;
    }
    try {
        return RelativePath::parse(*path);
    } catch (const Error&) {
        return std::nullopt; // damage is an answer here, not a failure
    }
}

} // namespace

} // namespace envpm::store
