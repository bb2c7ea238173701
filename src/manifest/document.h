#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::manifest {

/// Where something stands in a text: bytes from `begin` to before `end`.
struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
};

using KeyPath = std::vector<std::string>;

/// `[a.b]`; the first header of a document is the root, an empty span at its beginning.
struct Header {
    KeyPath path;
    Span span; ///< brackets included
};

/// `[…]` or `{…}` as a value.
struct List {
    Span span;                       ///< brackets included
    std::vector<Span> items;         ///< without the blanks around them
    std::vector<std::size_t> commas; ///< one after each item, but the last may have none
};

/// `key = value`, in a line of its own or within an inline table.
struct Entry {
    KeyPath path;                ///< from the root, headers and outer tables included
    std::vector<Span> key_parts; ///< the written parts: the last ones of `path`
    Span value;
    std::size_t header = 0;    ///< index into `headers`
    bool is_in_list = false;   ///< a member of an inline table
    std::size_t list = 0;      ///< then: index into `lists`
    std::size_t list_item = 0; ///< and its place there
};

/// A TOML text with the place of everything in it, so that edits can leave all other bytes alone.
/// An outer entry stands before those within its value.
struct Document {
    std::string text;
    std::vector<Header> headers;
    std::vector<Entry> entries;
    std::vector<List> lists;

    [[nodiscard]] std::string_view at(Span span) const {
        return std::string_view(text).substr(span.begin, span.end - span.begin);
    }

    /// The list that is the value beginning at `offset`; null if there is none.
    [[nodiscard]] const List* list_at(std::size_t offset) const;

    /// The first byte of the line, and its end before the line break.
    [[nodiscard]] std::size_t line_begin(std::size_t offset) const;
    [[nodiscard]] std::size_t line_end(std::size_t offset) const;

    /// "\r\n" if the first line ends so.
    [[nodiscard]] std::string line_break() const;
};

/// Scans a text that is valid TOML (the caller has parsed it).
Document scan(std::string text);

/// Whether `path` begins with `prefix`.
bool is_below(const KeyPath& path, const KeyPath& prefix);

} // namespace envpm::manifest
