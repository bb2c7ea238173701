#pragma once

#include "manifest/document.h"

#include <optional>
#include <string>

namespace envpm::manifest {

// Edits of the tables of a document, however they are written: under a header, as an inline table,
// or by dotted keys. Each returns the new text.

enum class Order {
    kept,    ///< a new member goes where the order puts it if the table is sorted, else to the end
    ignored, ///< to the end
};

/// Whether anything of the table stands in the document.
bool has_table(const Document& document, const KeyPath& table);

/// The text with `name = value` as a new member of the table, which is made if there is none: after
/// the first of `neighbours` that there is, else at the end.
std::string with_member(const Document& document, const KeyPath& member, const std::string& value,
                        Order order, const std::vector<KeyPath>& neighbours);

/// The text without the member, in whatever pieces it stands.
std::string without_member(const Document& document, const KeyPath& member);

/// The entries that make up a member: one with its whole value, or one for each field of it.
std::vector<Entry> entries_of(const Document& document, const KeyPath& member);

/// The names of the table's members, as written.
std::vector<std::string> members_of(const Document& document, const KeyPath& table);

/// The text with another value for one field of a member that has no value of its own (dotted keys
/// or a header); nothing removes the field.
std::string with_field(const Document& document, const KeyPath& member, const std::string& field,
                       const std::optional<std::string>& value);

std::string replaced(const Document& document, Span span, const std::string& what);

} // namespace envpm::manifest
