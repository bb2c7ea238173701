#pragma once

#include "base/source_location.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace envpm {

/// A TOML value (TOML 1.0) with the place where it stands, so that every complaint can point at it.
/// Dates and times come as their text.
struct TomlValue {
    /// One `key = value` or `[key]`, in the file's order.
    struct Member;
    using Array = std::vector<TomlValue>;
    using Table = std::vector<Member>;

    /// `false` at first. It has no initializer because clang would then ask for a whole Member.
    std::variant<bool, std::int64_t, double, std::string, Array, Table> value;
    SourceLocation location;

    /// The value if it is of that kind, else null.
    template <class T> [[nodiscard]] const T* get_if() const { return std::get_if<T>(&value); }

    /// The member of that name; null if this is no table or has none.
    [[nodiscard]] const TomlValue* find(std::string_view name) const;

    /// "a string", "a table" …: for "… must be a string, not a table".
    [[nodiscard]] std::string_view kind() const;
};

struct TomlValue::Member {
    std::string name;
    SourceLocation location; ///< of the key
    TomlValue value;
};

/// Throws an Error with file:line:column, mostly in the parser's words. Keys with more than 64 dots
/// and values nested deeper than 256 are refused, so that no text makes the stack overflow. `file`
/// is only for the places.
TomlValue parse_toml(std::string_view text, const std::string& file);

/// A basic string with the escapes that TOML asks for, quotes included.
std::string toml_quoted(std::string_view text);

} // namespace envpm
