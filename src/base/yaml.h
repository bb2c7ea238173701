#pragma once

#include "base/source_location.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace envpm {

/// A YAML value with its place. Every scalar is the text that stands there: what `1.10` and `on`
/// mean is for the reader of the format to say, so that no version becomes a number on the way.
struct YamlValue {
    struct Member;
    using List = std::vector<YamlValue>;
    using Map = std::vector<Member>; ///< in the file's order

    /// Nothing at all is null: `key:`, `~`, `null`.
    std::variant<std::monostate, std::string, List, Map> value;
    int line = 0; ///< these two count from 1
    int column = 0;

    [[nodiscard]] bool is_null() const { return value.index() == 0; }

    /// The value if it is of that kind, else null.
    template <class T> [[nodiscard]] const T* get_if() const { return std::get_if<T>(&value); }

    /// The member of that name; null if this is no map or has none.
    [[nodiscard]] const YamlValue* find(std::string_view name) const;

    /// "a text", "a list" …: for "… must be a text, not a list".
    [[nodiscard]] std::string_view kind() const;

    [[nodiscard]] SourceLocation location(const std::string& file) const {
        return {file, line, column};
    }
};

struct YamlValue::Member {
    std::string name;
    int line = 0; ///< of the key
    int column = 0;
    YamlValue value;

    [[nodiscard]] SourceLocation location(const std::string& file) const {
        return {file, line, column};
    }
};

/// Reads one document of YAML 1.2's core: maps, lists and scalars, with aliases written out and the
/// `<<` of YAML 1.1 merged, as conda reads them; what an alias stands for has the alias's place.
/// Throws an Error with file:line:column for what is no YAML, and for what no file that envpm reads
/// has: tags, keys that are no texts or stand twice, a second document, depth over 64, texts over
/// 32 MiB, copies over 4 MiB, more than a million values. `file` is for the places.
YamlValue parse_yaml(std::string_view text, const std::string& file);

} // namespace envpm
