#include "store/tree_file.h"

#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace envpm::store {

namespace {

/// The list alone, brackets included: what the digest covers.
std::string list_of(const Tree& tree);
std::string_view version_of(const Tree& tree);
std::string in_quotes(std::string_view text);
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
        constexpr std::size_t hex_digits = 64;
        const std::optional<Sha256> found = Sha256::parse(text_.substr(0, hex_digits));
        text_.remove_prefix(found ? hex_digits : 0);
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

std::string to_text(const Tree& tree) {
    const std::string list = list_of(tree);
    return fmt::format("{{\"version\":{},\"archive\":\"{}\",\"digest\":\"{}\",\"files\":{}}}\n",
                       version_of(tree), tree.archive.hex(), sha256_of(list).hex(), list);
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

namespace {

/// What holds files only has the text that it had before there was anything else, so that an older
/// envpm can share the store.
std::string_view version_of(const Tree& tree) {
    return tree.links.empty() && tree.empty_folders.empty() ? "1" : "2";
}

std::string list_of(const Tree& tree) {
    std::vector<std::pair<std::string_view, std::string>> lines; // by path
    lines.reserve(tree.files.size() + tree.links.size() + tree.empty_folders.size());
    for (const TreeFile& file : tree.files) {
        lines.emplace_back(file.path.string(), fmt::format(",\"{}\",{},{}", file.object.hex(),
                                                           file.size_bytes, file.is_executable));
    }
    for (const TreeLink& link : tree.links) {
        lines.emplace_back(link.path.string(), "," + in_quotes(link.target));
    }
    for (const RelativePath& folder : tree.empty_folders) {
        lines.emplace_back(folder.string(), std::string());
    }
    std::sort(lines.begin(), lines.end());
    std::string list = "[";
    for (const auto& [path, rest] : lines) {
        list += list.size() == 1 ? "\n[" : ",\n[";
        list += in_quotes(path);
        list += rest;
        list += ']';
    }
    return list + "\n]";
}

/// The only character that JSON escapes and a path or link target can hold is `"`.
std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        out += c == '"' ? "\\\"" : std::string_view(&c, 1);
    }
    return out + "\"";
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
