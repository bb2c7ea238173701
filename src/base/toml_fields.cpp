#include "base/toml_fields.h"

#include "base/error.h"
#include "base/near_miss.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace envpm {

namespace {

template <class T>
const T& expect(const TomlValue& value, std::string_view name, std::string_view kind);

} // namespace

void complain_at(const SourceLocation& location, std::string what, std::string hint,
                 ExitCode code) {
    throw Error({std::move(what), location.text(), std::move(hint)}, code);
}

const TomlValue::Table& expect_table(const TomlValue& value, std::string_view name) {
    return expect<TomlValue::Table>(value, name, "a table");
}

const TomlValue::Array& expect_array(const TomlValue& value, std::string_view name) {
    return expect<TomlValue::Array>(value, name, "an array");
}

const std::string& expect_string(const TomlValue& value, std::string_view name) {
    return expect<std::string>(value, name, "a string");
}

bool expect_boolean(const TomlValue& value, std::string_view name) {
    return expect<bool>(value, name, "true or false");
}

std::int64_t expect_integer(const TomlValue& value, std::string_view name) {
    return expect<std::int64_t>(value, name, "a whole number");
}

std::vector<std::string> expect_strings(const TomlValue& value, std::string_view name) {
    std::vector<std::string> out;
    for (const TomlValue& item : expect<TomlValue::Array>(value, name, "an array of strings")) {
        out.push_back(expect_string(item, fmt::format("an item of {}", name)));
    }
    return out;
}

void expect_keys(const TomlValue& table, std::string_view where,
                 std::span<const std::string> known) {
    for (const TomlValue::Member& member : expect_table(table, where)) {
        if (std::find(known.begin(), known.end(), member.name) == known.end()) {
            complain_at(member.location,
                        fmt::format("unknown key `{}` in {}", member.name, name_in_words(where)),
                        known_words(member.name, known));
        }
    }
}

std::string name_in_words(std::string_view name) {
    constexpr std::string_view item = "an item of ";
    if (name.starts_with("the ")) {
        return std::string(name);
    }
    const bool is_item = name.starts_with(item);
    return fmt::format("{}`{}`", is_item ? item : "", name.substr(is_item ? item.size() : 0));
}

std::string known_words(std::string_view word, std::span<const std::string> known) {
    std::string out;
    if (const auto near = near_miss(word, known)) {
        out = fmt::format("did you mean `{}`? ", *near);
    }
    return out + fmt::format("known: `{}`", fmt::join(known, "`, `"));
}

namespace {

template <class T>
const T& expect(const TomlValue& value, std::string_view name, std::string_view kind) {
    const T* const found = value.get_if<T>();
    if (found == nullptr) {
        complain_at(value.location,
                    fmt::format("{} must be {}, not {}", name_in_words(name), kind, value.kind()));
    }
    return *found;
}

} // namespace

} // namespace envpm
