#include "base/toml.h"

#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

namespace envpm {

namespace {

struct BrokenAssumption {};

} // namespace

} // namespace envpm

// The library takes for granted what a text may well break, such as that a key follows `[` (3.3.0):
// it would abort, or worse with NDEBUG.
#undef NDEBUG
// NOLINTBEGIN(cppcoreguidelines-macro-usage)
#define TOML_ASSERT(condition)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            throw ::envpm::BrokenAssumption();                                                     \
        }                                                                                          \
    } while (false)
#define TOML_ENABLE_FORMATTERS 1
// NOLINTEND(cppcoreguidelines-macro-usage)
#include <toml++/toml.h>

namespace envpm {

namespace {

SourceLocation broken_line(std::string_view text, const std::string& file);
bool breaks_assumption(std::string_view text);
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
    } catch (const BrokenAssumption&) {
        throw Error({"this is not valid TOML: a character is out of place",
                     broken_line(text, file).text(),
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

/// The library does not say where it was, but the lines up to that place break it just so.
SourceLocation broken_line(std::string_view text, const std::string& file) {
    std::vector<std::size_t> ends;
    for (std::size_t end = 0; end < text.size(); ++end) {
        end = std::min(text.find('\n', end), text.size());
        ends.push_back(end);
    }
    const auto broken = std::partition_point(ends.begin(), ends.end(), [text](std::size_t end) {
        return !breaks_assumption(text.substr(0, end));
    });
    return {file, static_cast<int>(broken - ends.begin()) + 1, 0};
}

bool breaks_assumption(std::string_view text) {
    try {
        static_cast<void>(toml::parse(text));
    } catch (const BrokenAssumption&) {
        return true;
    } catch (const toml::parse_error&) {
        return false; // cut off in the middle of something
    }
    return false;
}

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
