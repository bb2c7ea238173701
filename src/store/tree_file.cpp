#include "store/tree_file.h"

#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

namespace envpm::store {

namespace {

/// The list alone, brackets included: what the digest covers.
std::string list_of(const Tree& tree);
std::optional<std::vector<TreeFile>> parse_list(std::string_view list);

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
    std::optional<RelativePath> path();

    [[nodiscard]] std::string_view rest() const { return text_; }

  private:
    std::string_view text_;
};

std::optional<TreeFile> parse_file(Cursor& cursor);

} // namespace

std::string to_text(const Tree& tree) {
    const std::string list = list_of(tree);
    return fmt::format("{{\"version\":1,\"archive\":\"{}\",\"digest\":\"{}\",\"files\":{}}}\n",
                       tree.archive.hex(), sha256_of(list).hex(), list);
}

std::optional<Tree> parse_tree(std::string_view text, const Sha256& archive) {
    Cursor cursor(text);
    if (!cursor.skip(
            fmt::format("{{\"version\":1,\"archive\":\"{}\",\"digest\":\"", archive.hex()))) {
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
    std::optional<std::vector<TreeFile>> files = parse_list(list);
    if (!files) {
        return std::nullopt;
    }
    return Tree{archive, std::move(*files)};
}

namespace {

std::string list_of(const Tree& tree) {
    std::string list = "[";
    for (const TreeFile& file : tree.files) {
        list += list.size() == 1 ? "\n[\"" : ",\n[\"";
        for (const char c : file.path.string()) {
            // The only character that JSON escapes and a RelativePath can hold.
            list += c == '"' ? "\\\"" : std::string_view(&c, 1);
        }
        fmt::format_to(std::back_inserter(list), "\",\"{}\",{},{}]", file.object.hex(),
                       file.size_bytes, file.is_executable);
    }
    return list + "\n]";
}

std::optional<std::vector<TreeFile>> parse_list(std::string_view list) {
    Cursor cursor(list);
    std::vector<TreeFile> files;
    files.reserve(static_cast<std::size_t>(std::count(list.begin(), list.end(), '\n')));
    if (!cursor.skip("[")) {
        return std::nullopt;
    }
    while (cursor.skip(files.empty() ? "\n[" : ",\n[")) {
        std::optional<TreeFile> file = parse_file(cursor);
        if (!file || (!files.empty() && !(files.back().path < file->path))) {
            return std::nullopt;
        }
        files.push_back(std::move(*file));
    }
    if (cursor.rest() != "\n]") {
        return std::nullopt;
    }
    return files;
}

std::optional<TreeFile> parse_file(Cursor& cursor) {
    std::optional<RelativePath> path = cursor.path();
    if (!path || !cursor.skip(",\"")) {
        return std::nullopt;
    }
    const std::optional<Sha256> object = cursor.digest();
    if (!object || !cursor.skip("\",")) {
        return std::nullopt;
    }
    const std::optional<std::uint64_t> size = cursor.number();
    if (!size || !cursor.skip(",")) {
        return std::nullopt;
    }
    const bool is_executable = cursor.skip("true");
    if ((!is_executable && !cursor.skip("false")) || !cursor.skip("]")) {
        return std::nullopt;
    }
    return TreeFile{std::move(*path), *object, *size, is_executable};
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

std::optional<RelativePath> Cursor::path() {
    if (!skip("\"")) {
        return std::nullopt;
    }
    std::string path;
    while (!text_.empty() && text_.front() != '"') {
        if (skip("\\") && !text_.starts_with('"')) {
            return std::nullopt; // nothing else is ever escaped
        }
        const char* const end = std::find_if(text_.begin() + 1, text_.end(),
                                             [](char c) { return c == '"' || c == '\\'; });
        path.append(text_.begin(), end);
        text_.remove_prefix(static_cast<std::size_t>(end - text_.begin()));
    }
    if (!skip("\"")) {
        return std::nullopt;
    }
    try {
        return RelativePath::parse(path);
    } catch (const Error&) {
        return std::nullopt; // damage is an answer here, not a failure
    }
}

} // namespace

} // namespace envpm::store
