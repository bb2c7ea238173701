#include "base/toml.h"

#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

#define TOML_ENABLE_FORMATTERS 1
#include <toml++/toml.h>

namespace envpm {

namespace {

SourceLocation location_of(const toml::source_position& position, const std::string& file);
TomlValue convert(const toml::node& node, const std::string& file);
TomlValue::Table convert_table(const toml::table& table, const std::string& file);
template <class T> std::string printed(const T& value);

} // namespace

const TomlValue* TomlValue::find(std::string_view name) const {
    if (const auto* table = get_if<Table>()) {
        for (const Member& member : *table) {
            if (member.name == name) {
                return &member.value;
            }
        }
    }
    return nullptr;
}

std::string_view TomlValue::kind() const {
    constexpr std::array<std::string_view, 6> kinds = {"a boolean", "a whole number", "a number",
                                                       "a string",  "an array",       "a table"};
    return kinds.at(value.index());
}

TomlValue parse_toml(std::string_view text, const std::string& file) {
    try {
        const toml::table table = toml::parse(text, std::string_view(file));
        return {convert_table(table, file), {file, 1, 1}};
    } catch (const toml::parse_error& failure) {
        throw Error({fmt::format("this is not valid TOML: {}", failure.description()),
                     location_of(failure.source().begin, file).text(),
                     {}});
    }
}

std::string toml_quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\u{:04X}", byte);
        } else {
            out += c;
        }
    }
    return out + '"';
}

namespace {

SourceLocation location_of(const toml::source_position& position, const std::string& file) {
    return {file, static_cast<int>(position.line), static_cast<int>(position.column)};
}

TomlValue convert(const toml::node& node, const std::string& file) {
    TomlValue out{false, location_of(node.source().begin, file)};
    node.visit([&](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, toml::table>) {
            out.value = convert_table(value, file);
        } else if constexpr (std::is_same_v<Value, toml::array>) {
            TomlValue::Array items;
            for (const toml::node& item : value) {
                items.push_back(convert(item, file));
            }
            out.value = std::move(items);
        } else if constexpr (toml::is_date<Value> || toml::is_time<Value> ||
                             toml::is_date_time<Value>) {
            out.value = printed(*value);
        } else {
            out.value = *value;
        }
    });
    return out;
}

/// toml++ sorts by name; the file's order is that of the keys' places.
TomlValue::Table convert_table(const toml::table& table, const std::string& file) {
    TomlValue::Table members;
    for (const auto& [key, node] : table) {
        members.push_back(
            {std::string(key.str()), location_of(key.source().begin, file), convert(node, file)});
    }
    std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) {
        return std::pair(a.location.line, a.location.column) <
               std::pair(b.location.line, b.location.column);
    });
    return members;
}

template <class T> std::string printed(const T& value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

} // namespace

} // namespace envpm
